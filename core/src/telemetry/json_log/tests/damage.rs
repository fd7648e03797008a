//! Files as crashes, full disks and other programs leave them.

use super::*;

fn is_punctuation(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| b" \n,[]".contains(byte))
}

#[test]
fn a_file_cut_at_any_byte_loses_nothing() {
    let ours = format!("[\n{},\n{},\n{}\n]   ", record("a"), record("b"), record("c"));
    for whole in [ours, pretty(&["a", "b", "c"])] {
        let whole = whole.as_bytes();
        let ends: Vec<usize> = ["a", "b", "c"].iter().map(|id| end_of(whole, id)).collect();
        for cut in 0..whole.len() {
            let torn = &whole[..cut];
            let fixture = Fixture::with(torn);
            assert!(fixture.append("new"));
            let mut expected: Vec<&str> = ["a", "b", "c"]
                .into_iter()
                .zip(&ends)
                .filter(|(_, end)| **end <= cut)
                .map(|(id, _)| id)
                .collect();
            let kept = ends.iter().rev().find(|end| **end <= cut).copied().unwrap_or(cut.min(1));
            expected.push("new");
            assert_eq!(fixture.ids(), expected, "cut at {cut}");
            match &fixture.corrupt()[..] {
                [] => assert!(is_punctuation(&torn[kept..]), "cut at {cut}"),
                [rest] => assert_eq!([&torn[..kept], rest].concat(), torn, "cut at {cut}"),
                more => panic!("{} files", more.len()),
            }
            assert!(!fixture.append("next"));
        }
    }
}

/// Behind the record `id`, of which there is nothing like it later.
fn end_of(text: &[u8], id: &str) -> usize {
    let text = std::str::from_utf8(text).unwrap();
    let start =
        text.find(&format!("\"id\":\"{id}\"")).or_else(|| text.find(&format!("\"id\": \"{id}\""))).unwrap();
    let close = text[start..].match_indices('}').nth(1).unwrap().0;
    start + close + 1
}

#[test]
fn a_bracket_inside_of_a_torn_record_is_not_the_end() {
    let fixture = Fixture::new();
    fixture.append("a");
    let good = format!("[\n{}", record("a"));
    for end in ["]", "]   ", "}]", "]\n]"] {
        let torn = format!(",\n{{\"id\":\"b\",\"x\":{{\"a\":[1{end}");
        fixture.write(format!("{good}{torn}"));
        fixture.settle();
        assert!(fixture.append("c"));
        assert_eq!(fixture.ids(), ["a", "c"], "{end:?}");
        assert_eq!(fixture.corrupt().last().unwrap(), torn.as_bytes());
        for entry in fs::read_dir(fixture.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.to_string_lossy().contains(".corrupt-") {
                fs::remove_file(path).unwrap();
            }
        }
    }
}

#[test]
fn a_file_that_is_no_array_is_set_aside_whole() {
    for text in ["{\"version\":1,\"records\":[{}]}", "garbage", "\0\0\0\0", "\u{feff}[]", "7", "}{"] {
        let fixture = Fixture::with(text);
        assert!(fixture.append("a"));
        assert_eq!(fixture.ids(), ["a"], "{text:?}");
        assert_eq!(fixture.corrupt(), [text.as_bytes()]);
    }
}

#[test]
fn whole_records_behind_damage_are_put_back_in_order() {
    let [a, b, c] = ["a", "b", "c"].map(record);
    for text in [
        format!("[\n{a},\n{{\"id\":\"torn\",\"x\":\"y,\n{b},\n{c}\n]"),
        format!("[\n{a},\n{{\"id\":\"torn\",\"x\":[1,\n{b},\n{c}\n]   "),
        format!("[\n{a},\n\0\0\0\0\0\0,\n{b},\n{c}\n]"),
        format!("[\n{a}\n]\0\0\0\0,\n{b},\n{c}\n]  "),
        format!("[\n{a}\n]\n,\n{b},\n{c}\n]"),
        format!("[\n{a}\n{b}\n{c}\n]"),
        format!("{a}\n{b}\n{c}\n"),
        format!("\0\0\0rest of it\"}},\n{a},\n{b},\n{c}\n]"),
        format!("[{a}{b}{c}]"),
        pretty(&["a", "b", "c"])
            .replace("  {\n    \"id\": \"b\"", "  {\"id\":\"torn\n  {\n    \"id\": \"b\""),
    ] {
        let fixture = Fixture::with(&text);
        let locked = fixture.lock();
        assert_eq!(fixture.ids(), ["a", "b", "c"], "{text:?}");
        drop(locked);
        fixture.append("d");
        assert_eq!(fixture.ids(), ["a", "b", "c", "d"], "{text:?}");
        let corrupt = fixture.corrupt();
        assert_eq!(corrupt.len(), 1);
        assert!(text.as_bytes().ends_with(&corrupt[0]));
    }
}

#[test]
fn a_writer_without_a_lock_leaves_a_hole_that_can_be_mended() {
    // It emptied the file, we appended where the end had been, and it wrote its shorter text before that.
    let theirs = pretty(&["a"]);
    let text = format!("{theirs}{},\n{}\n]", "\0".repeat(5000), record("b"));
    let fixture = Fixture::with(text);
    fixture.append("c");
    assert_eq!(fixture.ids(), ["a", "b", "c"]);
}

#[test]
fn files_set_aside_never_replace_each_other() {
    let fixture = Fixture::new();
    for text in ["one", "two", "three"] {
        fixture.write(text);
        fixture.settle();
        fixture.append("a");
    }
    let mut set_aside = fixture.corrupt();
    set_aside.sort();
    assert_eq!(set_aside, [b"one".to_vec(), b"three".to_vec(), b"two".to_vec()]);
    let name = format!("{TOKEN_LOG_FILE}.corrupt-2026-03-20T12-00-00.000Z");
    assert!(fixture.folder.path().join(&name).exists());
    assert!(fixture.folder.path().join(format!("{name}-3")).exists());
}

#[test]
fn a_file_that_was_torn_just_now_is_left_alone() {
    for torn in ["", "[\n  {\n    \"id\": \"a", "{"] {
        let fixture = Fixture::new();
        fixture.write(torn);
        let error = fixture.log.lock(Duration::from_millis(50), noon()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy);
        assert_eq!(fixture.bytes(), torn.as_bytes());
        assert!(fixture.corrupt().is_empty());
    }
}

#[test]
fn a_rewrite_under_way_is_waited_for() {
    let fixture = Fixture::new();
    fixture.append("a");
    for torn in ["", "[\n  {\n    \"id\": \"a"] {
        fixture.write(torn);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(300));
                fixture.write(pretty(&["a", "theirs"]));
            });
            assert!(fixture.append("b"));
        });
        assert_eq!(fixture.ids(), ["a", "theirs", "b"]);
        assert!(fixture.corrupt().is_empty());
    }
}

#[test]
fn a_fresh_file_that_stays_empty_is_an_empty_array_after_a_while() {
    let fixture = Fixture::new();
    fixture.write("");
    fixture.append("a");
    assert_eq!(fixture.ids(), ["a"]);
    assert!(fixture.corrupt().is_empty());
}

#[test]
fn a_state_that_says_nothing_makes_the_file_be_looked_at() {
    let fixture = Fixture::new();
    fixture.append("a");
    for state in ["", "nonsense", "mcoda-log-state-2 clean 1 2 3 4\n"] {
        fs::write(&fixture.log.lock_path, state).unwrap();
        assert!(fixture.append("b"));
        assert!(!fixture.append("c"));
    }
    fs::remove_file(&fixture.log.path).unwrap();
    assert!(fixture.append("d"), "the file was deleted");
    assert_eq!(fixture.ids(), ["d"]);
}

#[test]
fn a_copy_that_an_earlier_attempt_left_is_not_made_again() {
    let rest = format!(",\n{{\"torn\": [\n{}\n]", record("b"));
    let fixture = Fixture::with(format!("[\n{}{rest}", record("a")));
    // Its folder cannot take the new log, so the first attempt ends behind the copy.
    let in_the_way = fixture.folder.path().join(format!("{TOKEN_LOG_FILE}.new"));
    fs::create_dir(&in_the_way).unwrap();
    for _ in 0..3 {
        assert!(fixture.log.lock(LONG, noon()).is_err());
    }
    assert_eq!(fixture.corrupt(), [rest.as_bytes()]);
    fs::remove_dir(&in_the_way).unwrap();
    let like_it = fixture.folder.path().join(format!("{TOKEN_LOG_FILE}.corrupt-like-it"));
    fs::write(&like_it, "x".repeat(rest.len())).unwrap();
    fixture.append("c");
    assert_eq!(fixture.ids(), ["a", "b", "c"]);
    assert_eq!(fixture.corrupt().len(), 2);

    // Another rest of the same length is another copy.
    let other = rest.replace('b', "d");
    fixture.write(format!("[\n{}{other}", record("a")));
    fixture.settle();
    fixture.append("e");
    assert_eq!(fixture.ids(), ["a", "d", "e"]);
    assert_eq!(fixture.corrupt().len(), 3);
}

#[test]
#[cfg(unix)]
fn a_repaired_log_keeps_its_mode_and_stays_behind_its_link() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let fixture = Fixture::new();
    let elsewhere = fixture.folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let file = elsewhere.join("log.json");
    symlink(&file, &fixture.log.path).unwrap();
    fixture.write(format!("[\n{}\n\0\0", record("a")));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    fixture.settle();
    fixture.append("b");
    assert_eq!(fixture.ids(), ["a", "b"]);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    assert!(fixture.log.path.symlink_metadata().unwrap().is_symlink());
}
