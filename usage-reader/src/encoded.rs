//! Bodies that a recorder of HTTP calls stored as bytes: in base64 or hexadecimal, possibly compressed.

use std::borrow::Cow;

use miniz_oxide::inflate::{decompress_to_vec_with_limit, decompress_to_vec_zlib_with_limit};

use crate::usage_projection::is_document;

/// The maximum size of a decompressed body.
const LARGEST: usize = 64 << 20;

/// What documents begin with, in base64: `{"`, `{ `, `{` and a new line, `[{`, `[` and a new line, `data`, `even`, the
/// byte order mark of UTF-8, gzip and zlib.
const BASE64: &[&str] =
    &["eyJ", "eyA", "ewo", "ew0", "W3s", "Wwo", "ZGF0", "ZXZl", "77u/", "H4sI", "eJ", "eA", "eN"];

/// The same in hexadecimal.
const HEX: &[&str] =
    &["7b22", "7b20", "7b0a", "7b0d", "5b7b", "5b0a", "64617461", "6576656e", "1f8b", "789c", "7801", "78da"];

/// Whether the text may be a document, or encode one. Checks only its beginning.
pub(crate) fn may_be_document(text: &str) -> bool {
    is_document(text) || is_quoted(text) || begins_like(text, BASE64) || begins_like_hex(text)
}

/// The document that the text is or encodes.
pub(crate) fn document(text: &str) -> Option<Cow<'_, str>> {
    if is_document(text) {
        return Some(Cow::Borrowed(text));
    }
    if is_quoted(text) {
        return quoted(text).map(Cow::Owned);
    }
    let bytes = bytes_of(text)?;
    in_bytes(bytes).map(Cow::Owned)
}

/// The document in a body that a recorder stored in several chunks.
pub(crate) fn document_of_chunks(chunks: &[&str]) -> Option<String> {
    let first = chunks.first()?;
    if begins_like_hex(first) {
        // A chunk may end anywhere, even within a byte.
        return in_bytes(hex(&chunks.concat())?);
    }
    if begins_like(first, BASE64) {
        let all: Option<Vec<Vec<u8>>> = chunks.iter().map(|chunk| base64(chunk)).collect();
        return in_bytes(all?.concat());
    }
    let text = chunks.concat();
    is_document(&text).then_some(text)
}

fn is_quoted(text: &str) -> bool {
    ["\"{", "\"[{", "\"data:", "\"event:", "\"\\\"{", "\"\\\"[{", "[\""]
        .iter()
        .any(|start| text.starts_with(start))
}

/// Text that was encoded as JSON once or twice more, or a list of chunks.
pub(crate) fn quoted(text: &str) -> Option<String> {
    if !is_quoted(text) {
        return None;
    }
    if text.starts_with('[') {
        let chunks: Vec<String> = serde_json::from_str(text).ok()?;
        return document_of_chunks(&chunks.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let inner: String = serde_json::from_str(text).ok()?;
    if is_document(&inner) { Some(inner) } else { quoted(&inner) }
}

fn begins_like(text: &str, starts: &[&str]) -> bool {
    starts.iter().any(|start| text.starts_with(start))
}

fn begins_like_hex(text: &str) -> bool {
    HEX.iter().any(|start| text.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start)))
}

fn bytes_of(text: &str) -> Option<Vec<u8>> {
    if begins_like_hex(text) {
        hex(text)
    } else if begins_like(text, BASE64) {
        base64(text)
    } else {
        None
    }
}

/// The document in bytes that may be compressed.
fn in_bytes(bytes: Vec<u8>) -> Option<String> {
    let bytes = match &bytes[..] {
        [0x1f, 0x8b, ..] => gunzip(&bytes)?,
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => decompress_to_vec_zlib_with_limit(&bytes, LARGEST).ok()?,
        _ => bytes,
    };
    let text = match String::from_utf8_lossy(&bytes) {
        Cow::Borrowed(_) => String::from_utf8(bytes).ok()?,
        Cow::Owned(text) => text,
    };
    is_document(&text).then_some(text)
}

/// RFC 1952: a header with optional parts according to its flags, then a stream of RFC 1951. The checksum is not
/// verified.
fn gunzip(bytes: &[u8]) -> Option<Vec<u8>> {
    const HEADER: usize = 10;
    let flags = *bytes.get(3)?;
    let mut at = HEADER;
    if flags & 4 != 0 {
        at += 2 + usize::from(u16::from_le_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    }
    // A name and a comment, each ends with a zero byte.
    for _ in 0..(flags >> 3 & 1) + (flags >> 4 & 1) {
        at += bytes.get(at..)?.iter().position(|byte| *byte == 0)? + 1;
    }
    if flags & 2 != 0 {
        at += 2;
    }
    decompress_to_vec_with_limit(bytes.get(at..)?, LARGEST).ok()
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let digits: Option<Vec<u8>> =
        text.bytes().filter(|byte| !byte.is_ascii_whitespace()).map(digit).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// RFC 4648, in both alphabets, with or without padding and line breaks.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            b'\r' | b'\n' | b' ' => continue,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use miniz_oxide::deflate::{compress_to_vec, compress_to_vec_zlib};

    use super::*;

    const TEXT: &str = r#"{"id":"r","usage":{"prompt_tokens":1}}"#;

    fn to_hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn to_base64(bytes: &[u8]) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for chunk in bytes.chunks(3) {
            let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
                << (8 * (3 - chunk.len()));
            for place in 0..4 {
                let digit = ALPHABET[(bits >> (18 - 6 * place) & 63) as usize];
                text.push(if place <= chunk.len() { char::from(digit) } else { '=' });
            }
        }
        text
    }

    fn gzip(text: &str, flags: u8, optional: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3];
        bytes.extend(optional);
        bytes.extend(compress_to_vec(text.as_bytes(), 6));
        bytes.extend([0; 8]);
        bytes
    }

    #[test]
    fn every_encoding_of_a_body_is_read() {
        let zlib = compress_to_vec_zlib(TEXT.as_bytes(), 6);
        for bytes in [
            TEXT.as_bytes().to_vec(),
            gzip(TEXT, 0, &[]),
            gzip(TEXT, 8, b"name\0"),
            gzip(TEXT, 4 | 8 | 16 | 2, b"\x02\x00xxname\0comment\0cc"),
            zlib,
        ] {
            for text in [to_hex(&bytes), to_hex(&bytes).to_uppercase(), to_base64(&bytes)] {
                assert!(may_be_document(&text), "{text}");
                assert_eq!(document(&text).as_deref(), Some(TEXT), "{text}");
            }
            let text = to_hex(&bytes);
            assert_eq!(document_of_chunks(&[&text[..31], &text[31..]]).as_deref(), Some(TEXT));
            let chunks = serde_json::to_string(&[to_base64(&bytes)]).unwrap();
            assert_eq!(document(&chunks).as_deref(), Some(TEXT));
        }
        assert_eq!(document(&serde_json::to_string(TEXT).unwrap()).as_deref(), Some(TEXT));
        assert_eq!(document_of_chunks(&[&TEXT[..9], &TEXT[9..]]).as_deref(), Some(TEXT));
    }

    #[test]
    fn other_text_is_not_a_document() {
        let picture = to_base64(b"\x89PNG\r\n\x1a\n and so on");
        let compressed = to_base64(&gzip("hello", 0, &[]));
        for text in [
            "",
            "hello",
            "eyJ!",
            "H4sI",
            "1f8",
            "1f8b",
            "1f8bzz",
            "789c00",
            "H4sIAAAAAAAA/",
            &picture,
            &compressed,
        ] {
            assert_eq!(document(text), None, "{text}");
        }
        assert_eq!(document_of_chunks(&[]), None);
    }
}
