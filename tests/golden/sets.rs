//! The location of the expected results; the tests of `core` and `cli` share this file.
#![allow(dead_code, reason = "every test file uses a part of it")]

use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Trial};

/// A folder of data that is not part of this repository. It is beside the checkout, or beside the folder of several.
pub fn shared(name: &str) -> Option<PathBuf> {
    let places = ["../../shared", "../../../shared"];
    let mut folders = places.iter().map(|place| Path::new(env!("CARGO_MANIFEST_DIR")).join(place).join(name));
    folders.find(|folder| folder.is_dir())
}

/// A check that panics if the data in a folder disagrees.
pub type Check = (&'static str, fn(&Path));

/// Runs the checks on the golden workspace of this repository, and on the shared one. If that is missing, its tests are
/// reported as ignored.
pub fn run_on_golden_workspaces(checks: &[Check]) -> ! {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden");
    let mut trials = trials("golden", Some(own), checks);
    trials.extend(self::trials("shared", shared("golden"), checks));
    libtest_mimic::run(&Arguments::from_args(), trials).exit()
}

/// A test of each check, `<set>::<check>`; ignored if there is no folder.
pub fn trials(set: &str, folder: Option<PathBuf>, checks: &[Check]) -> Vec<Trial> {
    let trial = |(name, check): &Check| {
        let (folder, check) = (folder.clone(), *check);
        let is_missing = folder.is_none();
        let run = move || {
            check(&folder.ok_or("the data is missing: it is no part of this repository")?);
            Ok(())
        };
        Trial::test(format!("{set}::{name}"), run).with_ignored_flag(is_missing)
    };
    checks.iter().map(trial).collect()
}
