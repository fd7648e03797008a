//! What the tests of the public interface share.
#![allow(dead_code, reason = "every test file uses a part of it")]

use serde_json::Value;

/// Asserts that every expected field is there and equal, numbers to 1e-9 of their size. More fields are allowed.
pub fn assert_matches(found: &Value, expected: &Value, place: &str) {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            for (name, expected) in expected {
                let Some(found) = found.get(name) else { panic!("{place}: {name} is missing") };
                assert_matches(found, expected, &format!("{place}.{name}"));
            }
        }
        (Value::Array(found), Value::Array(expected)) => {
            assert_eq!(found.len(), expected.len(), "{place}");
            for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
                assert_matches(found, expected, &format!("{place}[{index}]"));
            }
        }
        (Value::Number(found), Value::Number(expected)) => {
            let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
            let tolerance = 1e-9 * expected.abs().max(f64::MIN_POSITIVE);
            assert!((found - expected).abs() <= tolerance, "{place}: {found}, expected {expected}");
        }
        _ => assert_eq!(found, expected, "{place}"),
    }
}
