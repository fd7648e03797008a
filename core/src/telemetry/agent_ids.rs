//! The ids of records that are known by what a provider calls an answer or a session.
//!
//! Such an id is a UUID of version 8: digits of the SHA-256 of a text, with the version and the variant of a
//! UUID put in. The text of an answer is `mcoda-response`, of a session `mcoda-session`, then the provider's
//! id, then the model where it is not the first of the answer; each behind a zero byte. A session's last eight
//! digits are no digits of the hash but count its records, from 0, which is the one that holds a last count.

use sha2::{Digest, Sha256};

/// The id of the record of an answer. `model` is absent for the first model of the answer, so that its record
/// is found again when a later version names the model differently.
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

    /// The record that holds the last count, or with a higher number one of what came on top.
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
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_answer_has_the_same_id() {
        let id = response("msg_1", None);
        // sha256 of "mcoda-response\0msg_1\0", which has to stay what it is.
        assert_eq!(id, response("msg_1", None));
        assert_eq!((id.len(), &id[14..15]), (36, "8"));
        assert_ne!(id, response("msg_1", Some("other")));
        assert_ne!(id, response("msg_2", None));
    }

    #[test]
    fn a_session_counts_its_records() {
        let ids = SessionIds::new("thread", None);
        assert_eq!(ids.number(0)[..28], ids.number(7)[..28]);
        assert!(ids.number(0) < ids.number(7) && ids.number(255) < ids.number(256));
        assert_eq!(SessionIds::number_of(&ids.number(300)), 300);
    }
}
