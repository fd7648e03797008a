//! The lines of the table.
//!
//! ```text
//! # genai-prices 0.2.1
//! Panthropic⇥*anthropic⇥*claude⇥            provider: id, rule of its names, rule of its models, other providers to ask
//! Mclaude-2⇥|2 ^claude-2 *claude-v2         its model: id, rule of its names (absent: the id)
//! =⇥i8 o24                                  standard prices: condition, prices
//! =20525d⇥i0.1/100000:0.5 o1                from this day on; above 100,000 input tokens of a call, $0.50
//! +processing:batch⇥20525d⇥i4 o12           prices of calls with this term, instead of the standard ones
//! ```
//!
//! A price is the letter of its unit and US dollars. A condition is a first day after 1970-01-01 (`20525d`), or the
//! seconds of a day in UTC between which the prices hold (`3600-14400s`).

pub(crate) static TEXT: &str = include_str!("../data/prices.txt");

/// A provider, with the lines of its models.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Provider {
    pub(crate) id: &'static str,
    pub(crate) names: &'static str,
    pub(crate) model_names: &'static str,
    fallbacks: &'static str,
    models: &'static str,
}

/// A model, with the lines of its prices.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ModelLines {
    pub(crate) id: &'static str,
    names: &'static str,
    prices: &'static str,
}

/// A line of prices.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PriceLine {
    /// The name and value of the term; empty for standard prices.
    pub(crate) term: &'static str,
    condition: &'static str,
    pub(crate) prices: &'static str,
}

/// All providers, in the order in which they are searched.
pub(crate) fn providers() -> impl Iterator<Item = Provider> {
    TEXT.split("\nP").skip(1).map(|section| {
        let (line, models) = section.split_once('\n').unwrap_or((section, ""));
        let mut fields = line.split('\t');
        let mut next = || fields.next().unwrap_or_default();
        Provider { id: next(), names: next(), model_names: next(), fallbacks: next(), models }
    })
}

impl Provider {
    /// The ids of the providers whose models it also has.
    pub(crate) fn fallbacks(self) -> impl Iterator<Item = &'static str> {
        self.fallbacks.split(' ').filter(|id| !id.is_empty())
    }

    pub(crate) fn models(self) -> impl Iterator<Item = ModelLines> {
        let sections = self.models.strip_prefix('M').unwrap_or_default().split("\nM");
        sections.map(|section| {
            let (line, prices) = section.split_once('\n').unwrap_or((section, ""));
            let (id, names) = line.split_once('\t').unwrap_or((line, ""));
            ModelLines { id, names, prices }
        })
    }
}

impl ModelLines {
    /// Whether the name, which is in lower case, is one of this model.
    pub(crate) fn has_name(self, name: &str) -> bool {
        match self.names {
            "" => name == self.id,
            rule => super::matching::matches(rule, name),
        }
    }

    /// Its standard prices, the earlier ones first.
    pub(crate) fn standard(self) -> impl DoubleEndedIterator<Item = PriceLine> {
        let lines = self.prices.lines().filter_map(|line| line.strip_prefix('='));
        lines.filter_map(|line| {
            let (condition, prices) = line.split_once('\t')?;
            Some(PriceLine { term: "", condition, prices })
        })
    }

    /// The prices of calls with a term.
    pub(crate) fn variants(self) -> impl Iterator<Item = PriceLine> {
        let lines = self.prices.lines().filter_map(|line| line.strip_prefix('+'));
        lines.filter_map(|line| {
            let (term, rest) = line.split_once('\t')?;
            let (condition, prices) = rest.split_once('\t')?;
            Some(PriceLine { term, condition, prices })
        })
    }
}

impl PriceLine {
    /// Whether the prices hold at this time, in milliseconds after 1970.
    pub(crate) fn holds_at(self, millis: i64) -> bool {
        const DAY: i64 = 86_400_000;
        if let Some(days) = self.condition.strip_suffix('d') {
            return days.parse().is_ok_and(|first: i64| millis >= first * DAY);
        }
        let Some((start, end)) = self.condition.strip_suffix('s').and_then(|times| times.split_once('-'))
        else {
            return self.condition.is_empty();
        };
        let (Ok(start), Ok(end)) = (start.parse::<i64>(), end.parse::<i64>()) else { return false };
        let (now, start, end) = (millis.rem_euclid(DAY), start * 1000, end * 1000);
        if end < start { now >= start || now < end } else { now >= start && now < end }
    }
}
