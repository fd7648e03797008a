//! The cost of a call by the prices of a model.

use crate::table::{ModelLines, PriceLine};
use crate::units::{Amounts, COUNT, Unit};

/// The price of a call, in US dollars.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Price {
    /// The part for the input.
    pub input: f64,
    /// The part for the output.
    pub output: f64,
    /// The total, which also includes searches and the call itself.
    pub total: f64,
}

/// The price of each unit that has one, in the format of the table: `0.1/100000:0.5`.
type Prices = [Option<&'static str>; COUNT];

pub(crate) fn price(
    model: ModelLines,
    amounts: &Amounts,
    terms: &[(&str, &str)],
    millis: i64,
) -> Option<Price> {
    if amounts.iter().any(|(_, amount)| !amount.is_finite() || amount < 0.0) {
        return None;
    }
    let prices = prices(model, terms, millis);
    let is_tiered = prices.iter().flatten().any(|price| price.contains('/'));
    let input = if is_tiered { amount(amounts, Unit::Input)? } else { 0.0 };
    let parts = parts(&prices, amounts)?;
    let mut sum = Price::default();
    for unit in Unit::ALL {
        let Some(text) = prices[unit as usize] else { continue };
        let count = if unit == Unit::Request { 1.0 } else { parts[unit as usize] };
        let price = rate(text, count, input)? * count / unit.per();
        match unit.properties()[0] {
            1 => sum.input += price,
            2 => sum.output += price,
            _ => sum.total += price,
        }
    }
    sum.total += sum.input + sum.output;
    sum.total.is_finite().then_some(sum)
}

/// The standard prices at this time; those of the first variant that matches a term replace them.
fn prices(model: ModelLines, terms: &[(&str, &str)], millis: i64) -> Prices {
    let mut prices = Prices::default();
    let standard = model.standard().rev().find(|line| line.holds_at(millis));
    set(&mut prices, standard.or_else(|| model.standard().next()), |_| true);
    if terms.is_empty() {
        return prices;
    }
    let is_of_call = |line: &PriceLine| {
        let (name, value) = line.term.split_once(':').unwrap_or_default();
        line.holds_at(millis)
            && terms.iter().rev().find(|term| term.0 == name).is_some_and(|term| term.1 == value)
    };
    let mut changed = [false; COUNT];
    for line in model.variants().filter(is_of_call) {
        set(&mut prices, Some(line), |unit| !std::mem::replace(&mut changed[unit as usize], true));
    }
    prices
}

fn set(prices: &mut Prices, line: Option<PriceLine>, mut may_set: impl FnMut(Unit) -> bool) {
    for price in line.map_or("", |line| line.prices).split(' ') {
        let unit = Unit::ALL.into_iter().find(|unit| price.starts_with(unit.letter()));
        if let Some(unit) = unit.filter(|unit| may_set(*unit)) {
            prices[unit as usize] = Some(&price[1..]);
        }
    }
}

/// The US dollars for one unit, in a call with this many input tokens.
fn rate(text: &str, count: f64, input: f64) -> Option<f64> {
    let mut tiers = text.split('/');
    let base = tiers.next()?.parse().ok()?;
    if count <= 0.0 {
        return Some(base);
    }
    for tier in tiers.rev() {
        let (start, price) = tier.split_once(':')?;
        if input > start.parse().ok()? {
            return price.parse().ok();
        }
    }
    Some(base)
}

/// The amount of the unit: 0 if it is not reported, unless a reported amount implies that it is more.
fn amount(amounts: &Amounts, unit: Unit) -> Option<f64> {
    if let Some(amount) = amounts.get(unit) {
        return Some(amount);
    }
    let used = || amounts.iter().filter(|(_, amount)| *amount > 0.0).map(|(unit, _)| unit);
    if used().any(|other| unit.includes(other)) {
        return None;
    }
    let overlaps = |one: Unit, other: Unit| {
        one != other
            && !one.includes(other)
            && !other.includes(one)
            && one.overlap(other) == Some(unit.properties())
    };
    let is_implied = used().any(|one| used().any(|other| overlaps(one, other)));
    (!is_implied).then_some(0.0)
}

/// The rest of each unit with a price, after its parts with a price of their own; `None` if the parts exceed it.
fn parts(prices: &Prices, amounts: &Amounts) -> Option<[f64; COUNT]> {
    let mut priced: Vec<Unit> =
        Unit::ALL.into_iter().filter(|unit| prices[*unit as usize].is_some()).collect();
    priced.retain(|unit| *unit != Unit::Request);
    priced.sort_by_key(|unit| std::cmp::Reverse(unit.depth()));
    let mut parts = [0.0; COUNT];
    for unit in &priced {
        let value = amount(amounts, *unit)?;
        let included: f64 =
            priced.iter().filter(|other| unit.includes(**other)).map(|other| parts[*other as usize]).sum();
        let left = value - included;
        // Differences of this size are rounding errors.
        let tolerance = f64::EPSILON * 1f64.max(value).max(included) * (priced.len() + 1) as f64;
        match left {
            left if left >= 0.0 => parts[*unit as usize] = left,
            left if -left <= tolerance => {}
            _ => return None,
        }
    }
    Some(parts)
}
