//! The OpenAPI contract, which lists the fields that an older server may leave out.

use serde_json::Value;

const CONTRACT: &str = include_str!("../../../docs/openapi/mcoda-telemetry.yaml");

/// The schema of a record, if the contract describes it.
pub struct Schema(Value);

pub fn schemas() -> impl Fn(&str) -> Option<Schema> {
    let contract: Value = serde_saphyr::from_str(CONTRACT).expect("the contract is YAML");
    move |name| Some(Schema(contract["components"]["schemas"].get(name)?.clone()))
}

impl Schema {
    pub fn requires(&self, field: &str) -> bool {
        self.0["required"].as_array().is_some_and(|names| names.iter().any(|name| name == field))
    }

    /// The text properties that the schema has in addition to the fields of the record, with their descriptions.
    pub fn more_texts(&self, known: &[&str]) -> Vec<(String, String)> {
        let properties = self.0["properties"].as_object().into_iter().flatten();
        let more = properties.filter(|(name, _)| !known.contains(&name.as_str()));
        let doc = |schema: &Value| schema["description"].as_str().unwrap_or_default().to_owned();
        more.map(|(name, schema)| (name.clone(), doc(schema))).collect()
    }
}
