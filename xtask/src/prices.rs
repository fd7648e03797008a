//! Converts the data of the crate genai-prices to the table of `mcoda-price-table`. Leaves out everything that no call
//! needs: descriptions, comments, how to read responses, and prices of units that no call reports.

use std::path::Path;

use mcoda_price_table::Unit;
use serde_json::{Map, Value};

use crate::File;
use crate::notices::metadata;
use crate::prices_patterns::rule_of_pattern;

/// The crate that the prices come from.
const SOURCE: &str = "genai-prices";

pub fn file() -> Result<File, String> {
    let metadata = metadata("x86_64-unknown-linux-gnu")?;
    let mut packages = metadata["packages"].as_array().into_iter().flatten();
    let package =
        packages.find(|package| package["name"] == SOURCE).ok_or("genai-prices is no dependency")?;
    let folder = Path::new(package["manifest_path"].as_str().unwrap_or_default()).with_file_name("data");
    let data = std::fs::read(folder.join("prices.json")).map_err(|error| format!("{SOURCE}: {error}"))?;
    let data: Value = serde_json::from_slice(&data).map_err(|error| format!("{SOURCE}: {error}"))?;
    let mut text = format!("# {SOURCE} {}\n", package["version"].as_str().unwrap_or_default());
    for provider in list(&data) {
        write_provider(&mut text, provider)
            .map_err(|error| format!("{SOURCE}: {}: {error}", provider["id"]))?;
    }
    text.pop();
    Ok(("price-table/data/prices.txt", text))
}

fn write_provider(text: &mut String, provider: &Value) -> Result<(), String> {
    let optional = |name: &str| match &provider[name] {
        Value::Null => Ok(String::new()),
        matching => rule(matching),
    };
    let fallbacks: Vec<&str> = list(&provider["fallback_model_providers"]).map(plain).collect();
    let (names, models) = (optional("provider_match")?, optional("model_match")?);
    *text += &format!("P{}\t{names}\t{models}\t{}\n", plain(&provider["id"]), fallbacks.join(" "));
    for model in list(&provider["models"]) {
        write_model(text, model).map_err(|error| format!("{}: {error}", model["id"]))?;
    }
    Ok(())
}

fn write_model(text: &mut String, model: &Value) -> Result<(), String> {
    let id = plain(&model["id"]);
    let names = rule(&model["match"])?;
    *text += &format!("M{id}");
    if names != format!("={id}") {
        *text += &format!("\t{names}");
    }
    *text += "\n";
    match &model["prices"] {
        Value::Array(all) => {
            for one in all {
                *text += &format!("={}\t{}\n", condition(&one["constraint"])?, prices(&one["prices"])?);
            }
        }
        one => *text += &format!("=\t{}\n", prices(one)?),
    }
    for variant in list(&model["price_variants"]) {
        let terms: Vec<String> =
            object(&variant["when"]).map(|(name, value)| format!("{name}:{}", plain(value))).collect();
        let [term] = &terms[..] else { return Err("a variant with several terms".into()) };
        let (condition, prices) = (condition(&variant["constraint"])?, prices(&variant["prices"])?);
        *text += &format!("+{term}\t{condition}\t{prices}\n");
    }
    Ok(())
}

fn rule(matching: &Value) -> Result<String, String> {
    let mut parts = object(matching);
    let (Some((operation, operand)), None) = (parts.next(), parts.next()) else {
        return Err(format!("unknown rule {matching}"));
    };
    let all = |sign: char| {
        let rules = list(operand).map(rule).collect::<Result<Vec<_>, _>>()?;
        Ok(format!("{sign}{} {}", rules.len(), rules.join(" ")))
    };
    let literal = |sign: char| {
        let text = plain(operand).to_lowercase();
        if text.is_empty() || text.contains(['\t', ' ', '\n', '#']) {
            return Err(format!("no way to write {text:?}"));
        }
        Ok(format!("{sign}{text}"))
    };
    match &**operation {
        "or" => all('|'),
        "and" => all('&'),
        "equals" => literal('='),
        "starts_with" => literal('^'),
        "ends_with" => literal('$'),
        "contains" => literal('*'),
        "regex" => rule_of_pattern(plain(operand)),
        other => Err(format!("unknown operation {other}")),
    }
}

/// `20525d`, a day after 1970-01-01, or `3600-14400s`, seconds of a day.
fn condition(constraint: &Value) -> Result<String, String> {
    let part = |name: &str| constraint[name].as_str();
    match (part("start_date"), part("start_time"), part("end_time")) {
        (None, None, None) => Ok(String::new()),
        (Some(date), None, None) => Ok(format!("{}d", day(date).ok_or(format!("bad date {date}"))?)),
        (None, Some(start), Some(end)) => {
            let seconds = |time: &str| second(time).ok_or(format!("bad time {time}"));
            Ok(format!("{}-{}s", seconds(start)?, seconds(end)?))
        }
        _ => Err(format!("unknown constraint {constraint}")),
    }
}

fn day(date: &str) -> Option<i64> {
    let numbers: Vec<i64> = date.split('-').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let [year, month, day] = numbers[..] else { return None };
    // Days before the year, counted from March so that a leap day is the last one.
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let leaps = year / 4 - year / 100 + year / 400;
    Some(year * 365 + leaps + (month * 153 + 2) / 5 + day - 1 - 719_468)
}

fn second(time: &str) -> Option<i64> {
    let parts: Vec<i64> =
        time.strip_suffix('Z')?.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let [hour, minute, second] = parts[..] else { return None };
    Some(hour * 3600 + minute * 60 + second)
}

fn prices(prices: &Value) -> Result<String, String> {
    let mut texts = Vec::new();
    for unit in Unit::ALL {
        match &prices[unit.names().1] {
            Value::Null => {}
            Value::Number(price) => texts.push(format!("{}{price}", unit.letter())),
            tiered => {
                let mut tiers: Vec<(i64, &Value)> = list(&tiered["tiers"])
                    .map(|tier| Some((tier["start"].as_i64()?, &tier["price"])))
                    .collect::<Option<_>>()
                    .ok_or_else(|| format!("unknown price {tiered}"))?;
                tiers.sort_by_key(|(start, _)| *start);
                let tiers: String = tiers.iter().map(|(start, price)| format!("/{start}:{price}")).collect();
                texts.push(format!("{}{}{tiers}", unit.letter(), tiered["base"]));
            }
        }
    }
    Ok(texts.join(" "))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn plain(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
