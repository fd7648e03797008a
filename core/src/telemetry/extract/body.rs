//! What the reader of a shape is handed: the body, and what is known about it.

use super::fields::{Object, object, text};
use super::reading::Reading;

/// Providers whose cached tokens come on top of their input.
pub(super) const ON_TOP: &[&str] = &["anthropic", "claude", "bedrock"];

/// One body, the object that holds its usage, with what is known about it.
pub(super) struct Body<'a> {
    pub(super) all: &'a Object,
    pub(super) hint: Option<&'a str>,
}

impl<'a> Body<'a> {
    /// Whether the caller or the body names one of these providers.
    pub(super) fn hint_is(&self, names: &[&str]) -> bool {
        let told = text(self.all, &["provider", "vendor"]);
        let is_one = |given: &str| {
            let given = given.to_ascii_lowercase();
            names.iter().any(|name| given.contains(name))
        };
        self.hint.or(told).is_some_and(is_one)
    }

    /// Whether what is handed on from the provider has its cached tokens on top.
    pub(super) fn cache_is_on_top(&self) -> bool {
        self.hint_is(ON_TOP) || (self.hint.is_none() && self.provider_metadata().is_some())
    }

    /// What the Vercel AI SDK keeps of a provider whose cached tokens come on top.
    pub(super) fn provider_metadata(&self) -> Option<&'a Object> {
        let all = sdk_metadata(self.all)?;
        let bedrock = || object(object(all, &["bedrock"])?, &["usage"]);
        object(all, &["anthropic"]).or_else(bedrock)
    }

    /// Names the provider that the shape itself tells, where nobody told another one.
    pub(super) fn name_provider(&self, reading: &mut Reading, name: &str) {
        reading.provider.get_or_insert_with(|| name.to_owned());
    }
}

/// What the Vercel AI SDK keeps of its providers.
pub(super) fn sdk_metadata(all: &Object) -> Option<&Object> {
    object(all, &["providerMetadata", "provider_metadata", "experimental_providerMetadata"])
}
