//! Finding the model that a caller or provider names.

use std::borrow::Cow;

use crate::cost::{self, Price};
use crate::matching::{matches, with_dashed_dates};
use crate::table::{ModelLines, Provider, providers};
use crate::units::Amounts;

/// The id under which gateways are known, which write the provider before the model: `anthropic/claude-sonnet-5`.
const GATEWAY: &str = "litellm";

/// A model of the table.
#[derive(Debug, Clone, Copy)]
pub struct Model {
    provider: Provider,
    lines: ModelLines,
    /// Whether the requested provider has the model itself, so that the terms of its calls apply.
    is_own: bool,
}

/// Whether the table has a provider with this id or name.
pub fn knows_provider(name: &str) -> bool {
    provider(name).is_some()
}

/// The model of this name, in any case. `provider` is the provider that was called, by its id or name, `litellm` for a
/// gateway, and `None` if only the model is known. `None` if the table does not have it.
pub fn find(model: &str, provider_name: Option<&str>) -> Option<Model> {
    let model = lower(model);
    let (mut name, mut provider_name) = (&*model, provider_name);
    let is_gateway = |name: Option<&str>| name.is_some_and(|name| name.eq_ignore_ascii_case(GATEWAY));
    if is_gateway(provider_name)
        && let Some((prefix, rest)) = name.split_once('/')
        && !prefix.is_empty()
        && knows_provider(prefix)
    {
        (name, provider_name) = (rest, Some(prefix));
    }
    let by_model = || {
        let mut all = providers();
        all.find(|one| !one.model_names.is_empty() && matches(one.model_names, name))
    };
    let asked = match provider_name {
        None => by_model(),
        Some(known) => provider(known).or_else(|| by_model().filter(|_| is_gateway(Some(known)))),
    }?;
    model_of(asked, name).or_else(|| model_of(asked, &with_dashed_dates(name)?))
}

fn lower(text: &str) -> Cow<'_, str> {
    match text.bytes().any(|byte| !byte.is_ascii() || byte.is_ascii_uppercase()) {
        true => Cow::Owned(text.to_lowercase()),
        false => Cow::Borrowed(text),
    }
}

fn provider(name: &str) -> Option<Provider> {
    let name = lower(name.trim());
    let by_name = || providers().find(|one| !one.names.is_empty() && matches(one.names, &name));
    providers().find(|one| one.id == name).or_else(by_name)
}

fn model_of(asked: Provider, name: &str) -> Option<Model> {
    let of = |provider: Provider, is_own| {
        let lines = provider.models().find(|model| model.has_name(name))?;
        Some(Model { provider: asked, lines, is_own })
    };
    let other = |id| of(providers().find(|one| one.id == id)?, false);
    of(asked, true).or_else(|| asked.fallbacks().find_map(other))
}

impl Model {
    /// The id of the requested provider.
    pub fn provider(&self) -> &'static str {
        self.provider.id
    }

    /// The id of the model.
    pub fn id(&self) -> &'static str {
        self.lines.id
    }

    /// The price of a call of this model with these terms at this time, in milliseconds after 1970; `None` if the
    /// amounts contradict each other, or do not show what was used.
    pub fn price(&self, amounts: &Amounts, terms: &[(&str, &str)], millis: i64) -> Option<Price> {
        cost::price(self.lines, amounts, if self.is_own { terms } else { &[] }, millis)
    }
}
