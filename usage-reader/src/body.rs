//! The input of a source: the body, and what is known about it.

use crate::fields::Fields;
use crate::parsed_usage::ParsedUsage;

/// Providers whose cached tokens are counted in addition to their input.
pub(crate) const CACHED_IS_ADDITIONAL: &[&str] = &["anthropic", "claude", "bedrock"];

/// One body, which is the object that contains the usage, and what is known about it.
#[derive(Clone, Copy)]
pub(crate) struct Body<'a> {
    pub(crate) all: Fields<'a>,
    /// The provider that the caller named.
    pub(crate) provider_hint: Option<&'a str>,
}

impl<'a> Body<'a> {
    /// Whether the caller or the body names one of these providers.
    pub(crate) fn hint_is(&self, names: &[&str]) -> bool {
        let reported = self.all.text(&["provider", "vendor"]);
        let is_one = |given: &str| {
            let given = given.to_ascii_lowercase();
            names.iter().any(|name| given.contains(name))
        };
        self.provider_hint.or(reported).is_some_and(is_one)
    }

    /// Whether the provider's numbers, which the SDK passes on unchanged, count cached tokens in addition to the input.
    pub(crate) fn cached_is_additional(&self) -> bool {
        self.hint_is(CACHED_IS_ADDITIONAL)
            || (self.provider_hint.is_none() && self.provider_metadata().is_some())
    }

    /// The provider's own metadata, as the Vercel AI SDK stores it, if that provider counts cached tokens in addition
    /// to the input.
    pub(crate) fn provider_metadata(&self) -> Option<Fields<'a>> {
        let all = sdk_metadata(self.all)?;
        let bedrock = || all.object(&["bedrock"])?.object(&["usage"]);
        all.object(&["anthropic"]).or_else(bedrock)
    }

    /// Sets the provider that the format implies, unless another one is named already.
    pub(crate) fn name_provider(&self, parsed: &mut ParsedUsage, name: &str) {
        parsed.provider.get_or_insert_with(|| name.to_owned());
    }
}

/// The providers' own metadata, as the Vercel AI SDK stores it.
pub(crate) fn sdk_metadata(all: Fields<'_>) -> Option<Fields<'_>> {
    all.object(&["providerMetadata", "provider_metadata", "experimental_providerMetadata"])
}
