//! Writes a JSON array in pieces, so that a host can read a large result a piece at a time.

use std::cell::Cell;
use std::io::{self, Write};
use std::rc::Rc;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

/// `value` as JSON. An array is written as several arrays with its items in their order, each of which ends after the item
/// with which it reaches `bytes`; anything else is one piece.
pub(super) fn pieces(value: &impl Serialize, bytes: usize) -> serde_json::Result<Vec<String>> {
    let state = Rc::new(State { bytes, written: Cell::new(0), is_split: Cell::new(false) });
    let mut writer = Writer { done: Vec::new(), current: Vec::new(), state: Rc::clone(&state) };
    let formatter = Splitter { state, depth: 0, compact: CompactFormatter };
    value.serialize(&mut Serializer::with_formatter(&mut writer, formatter))?;
    writer.done.push(writer.current);
    // The formatter splits between items, and serde_json writes whole characters.
    writer.done.into_iter().map(|piece| String::from_utf8(piece).map_err(serde::ser::Error::custom)).collect()
}

/// What the formatter and the writer know of the piece that is being written. A formatter cannot reach its writer.
struct State {
    bytes: usize,
    written: Cell<usize>,
    /// The next byte begins a new piece.
    is_split: Cell<bool>,
}

struct Writer {
    done: Vec<Vec<u8>>,
    current: Vec<u8>,
    state: Rc<State>,
}

impl Write for Writer {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        if self.state.is_split.take() {
            let next = Vec::with_capacity(self.current.len());
            self.done.push(std::mem::replace(&mut self.current, next));
        }
        self.current.extend_from_slice(text);
        self.state.written.set(self.current.len());
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes compact JSON, and ends one array and begins the next where an array at the top becomes too long.
struct Splitter {
    state: Rc<State>,
    /// How many arrays and objects are open.
    depth: usize,
    compact: CompactFormatter,
}

impl Formatter for Splitter {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        self.compact.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        self.compact.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first || self.depth > 1 || self.state.written.get() < self.state.bytes {
            return self.compact.begin_array_value(writer, first);
        }
        writer.write_all(b"]")?;
        self.state.is_split.set(true);
        writer.write_all(b"[")
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        self.compact.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        self.compact.end_object(writer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn an_array_is_split_between_its_items() {
        let value = json!([1, [2, 3, 4, 5], {"a": [6, 7, 8]}, "nine, [ten]", "ä"]);
        for bytes in 1..60 {
            let pieces = pieces(&value, bytes).unwrap();
            let items: Vec<Value> =
                pieces.iter().flat_map(|piece| serde_json::from_str::<Vec<Value>>(piece).unwrap()).collect();
            assert_eq!(Value::from(items), value, "{bytes}: {pieces:?}");
        }
        assert_eq!(pieces(&value, 1).unwrap().len(), 5);
        assert_eq!(pieces(&value, 1000).unwrap(), [value.to_string()]);
    }

    #[test]
    fn a_piece_ends_with_the_item_that_reaches_its_size() {
        let items = vec!["x".repeat(98); 1000];
        let pieces = pieces(&items, 1000).unwrap();
        assert_eq!(pieces.len(), 100);
        assert!(pieces.iter().all(|piece| piece.len() <= 1110), "{:?}", pieces[0].len());
    }

    #[test]
    fn what_is_no_array_is_one_piece() {
        for value in [json!(null), json!({"a": [1, 2, 3]}), json!("text"), json!([])] {
            assert_eq!(pieces(&value, 1).unwrap(), [value.to_string()]);
        }
    }
}
