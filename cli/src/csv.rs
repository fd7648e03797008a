//! Rows as comma-separated values (RFC 4180, except that lines end with a line feed only).

use mcoda_core::definition::Record;
use serde::Serialize;
use serde_json::Value;

use crate::failure::Failure;

/// Records with a header line.
pub fn table<R: Record + Serialize>(records: &[R]) -> Result<String, Failure> {
    let columns = columns::<R>();
    Ok(header(&columns) + &rows(&columns, records)?)
}

/// The columns of a record: its fields, with their JSON names.
pub fn columns<R: Record>() -> Vec<&'static str> {
    R::DEFINITION.all_fields().map(|field| field.json).collect()
}

/// The header line.
pub fn header(columns: &[&str]) -> String {
    line(columns.iter().map(|name| (*name).to_owned()))
}

/// One line per row. A missing or null value is empty; objects and arrays are JSON.
pub fn rows<T: Serialize>(columns: &[&str], rows: &[T]) -> Result<String, Failure> {
    let mut text = String::new();
    for row in rows {
        let row = serde_json::to_value(row).map_err(Failure::failed)?;
        text += &line(columns.iter().map(|name| field(row.get(name))));
    }
    Ok(text)
}

fn line(fields: impl Iterator<Item = String>) -> String {
    let fields: Vec<String> = fields.map(quoted).collect();
    fields.join(",") + "\n"
}

fn field(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn quoted(field: String) -> String {
    let needs = field.contains(['"', ',', '\n', '\r']) || field.starts_with(' ') || field.ends_with(' ');
    if needs { format!("\"{}\"", field.replace('"', "\"\"")) } else { field }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn csv_cells_with_special_characters_are_quoted() {
        let columns = ["a", "b,c", "d", "e", "f"];
        let row = json!({"a": "say \"hi\"", "b,c": "1,5\n2", "d": null, "e": {"x": [1.5]}, "f": " é "});
        assert_eq!(header(&columns), "a,\"b,c\",d,e,f\n");
        let text = rows(&columns, &[row]).unwrap();
        assert_eq!(text, "\"say \"\"hi\"\"\",\"1,5\n2\",,\"{\"\"x\"\":[1.5]}\",\" é \"\n");
    }
}
