//! Damage to a file of lines, as many bytes describe it.

/// Values in place of a number.
const NUMBERS: &[&str] = &[
    "0",
    "-1",
    "1e999",
    "-1e308",
    "9007199254740991",
    "9007199254740992",
    "18446744073709551616",
    "0.5",
    "null",
    "\"12\"",
    "NaN",
    "[]",
    "{}",
];

/// The text after each four bytes of `edits` have changed it: what to do, where (two bytes), and how.
pub(crate) fn damaged(text: &[u8], edits: &[u8]) -> Vec<u8> {
    /// More edits leave nothing of the fixture.
    const MOST: usize = 16;
    let mut bytes = text.to_vec();
    for edit in edits.chunks_exact(4).take(MOST) {
        let place = usize::from(u16::from_le_bytes([edit[1], edit[2]]));
        change(&mut bytes, edit[0], place, edit[3]);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, what: u8, place: usize, how: u8) {
    if bytes.is_empty() {
        return;
    }
    let at = place % bytes.len();
    let some = usize::from(how);
    match what % 10 {
        0 => bytes[at] ^= 1 << (how % 8),
        1 => bytes[at] = how,
        2 => bytes.truncate(at),
        3 => drop(bytes.splice(at..at, std::iter::repeat_n(0, some))),
        4 => drop(bytes.drain(at..(at + some).min(bytes.len()))),
        5 => {
            change_lines(bytes, |lines| lines.insert(place % lines.len(), lines[some % lines.len()].clone()))
        }
        6 => change_lines(bytes, |lines| {
            let other = some % lines.len();
            let own = place % lines.len();
            lines.swap(own, other);
        }),
        7 => change_lines(bytes, |lines| drop(lines.remove(place % lines.len()))),
        8 => change_number(bytes, at, NUMBERS[some % NUMBERS.len()]),
        _ => drop(
            bytes
                .splice(at..at, [b'\n', b'\r', b'"', b'{', b'}', b'[', b']', b','][some % 8..][..1].to_vec()),
        ),
    }
}

fn change_lines(bytes: &mut Vec<u8>, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
    let mut lines: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    change(&mut lines);
    *bytes = lines.join(&b'\n');
}

/// Replaces the first number behind `from`.
fn change_number(bytes: &mut Vec<u8>, from: usize, by: &str) {
    let Some(start) = bytes[from..].iter().position(u8::is_ascii_digit).map(|start| from + start) else {
        return;
    };
    let length = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    bytes.splice(start..start + length, by.bytes());
}
