//! The ids of records that are derived from a provider's id of a response or a session.
//!
//! Such an id is a UUID of version 8: digits of the SHA-256 of a text, with the bits of version and variant set. The
//! text of a response is `mcoda-response`, of a session `mcoda-session`, then the provider's id, then the model unless
//! it is the first of the response, each separated by a zero byte. The last eight digits of a session's id are not part
//! of the hash but number its records, from 0, which is the record of the last count.

use sha2::{Digest, Sha256};

/// The id of the record of a response. `model` is absent for the first model of the response, so that its record is
/// found again if a later version names the model differently.
pub(super) fn response(id: &str, model: Option<&str>) -> String {
    uuid(hash(&["mcoda-response", id, model.unwrap_or_default()]))
}

/// The ids of the records of a session.
#[derive(Debug, Clone)]
pub(super) struct SessionIds([u8; 16]);

impl SessionIds {
    pub(super) fn new(session: &str, model: Option<&str>) -> Self {
        Self(hash(&["mcoda-session", session, model.unwrap_or_default()]))
    }

    /// The record of the last count, or with a higher number one of the deltas.
    pub(super) fn number(&self, number: u32) -> String {
        let mut bytes = self.0;
        bytes[12..].copy_from_slice(&number.to_be_bytes());
        uuid(bytes)
    }

    /// The number in one of the session's ids.
    pub(super) fn number_of(id: &str) -> u32 {
        let digits = id.get(id.len().saturating_sub(8)..).unwrap_or_default();
        u32::from_str_radix(digits, 16).unwrap_or(0)
    }
}

fn hash(parts: &[&str]) -> [u8; 16] {
    let digest = Sha256::digest(parts.join("\0"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes
}

fn uuid(mut bytes: [u8; 16]) -> String {
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity("00000000-0000-0000-0000-000000000000".len());
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let digits = [byte >> 4, byte & 0xf].map(|digit| char::from_digit(digit.into(), 16));
        text.extend(digits.into_iter().flatten());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    // The constants were computed with Python's hashlib from the text in docs/extract.md. They must never change:
    // otherwise a response that is sent again after an update would count twice.

    #[test]
    fn the_id_of_a_response_is_the_published_one() {
        for (id, model, expected) in [
            ("msg_1", None, "cbe15933-0646-88b3-bcd4-87fb64858a5f"),
            ("msg_1", Some("claude-haiku-4-5"), "259d6154-8ec6-8c42-81a7-a3f6fb144a5e"),
            ("msg_2", None, "adaa39db-b931-8f36-8813-8ba9ebdb0111"),
            ("Antwort ü", Some("日本"), "56bc16ea-972f-8aa6-9d15-00083f78041b"),
        ] {
            assert_eq!(response(id, model), expected, "{id} {model:?}");
        }
    }

    #[test]
    fn the_ids_of_a_session_are_the_published_ones_and_count_its_records() {
        for (session, model, number, expected) in [
            ("codex\0thread", None, 0, "400b73d1-6874-8df6-878c-8a3300000000"),
            ("codex\0thread", None, 7, "400b73d1-6874-8df6-878c-8a3300000007"),
            ("codex\0thread", None, 300, "400b73d1-6874-8df6-878c-8a330000012c"),
            ("codex\0thread", None, u32::MAX, "400b73d1-6874-8df6-878c-8a33ffffffff"),
            ("claude-code\0s", Some("claude-opus-4-5"), 0, "c9eae563-53c7-87a3-a088-129500000000"),
            ("my own", None, 1, "a0d79db3-2b01-828d-8da3-287200000001"),
        ] {
            let id = SessionIds::new(session, model).number(number);
            assert_eq!(id, expected, "{session:?} {model:?} {number}");
            assert_eq!(SessionIds::number_of(&id), number);
        }
    }
}
