//! Finds out which SQLite of the system is linked, where none of our own is compiled in.

use std::process::Command;

/// The first release with all functions that rusqlite refers to.
const COMPLETE: (u32, u32) = (3, 44);

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(sqlite_without_clientdata)");
    if cfg!(not(feature = "bundled")) && system_version().is_some_and(|version| version < COMPLETE) {
        println!("cargo:rustc-cfg=sqlite_without_clientdata");
    }
}

/// Major and minor number, where pkg-config knows them; libsqlite3-sys links by it, too.
fn system_version() -> Option<(u32, u32)> {
    let output = Command::new("pkg-config").args(["--modversion", "sqlite3"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut numbers = text.trim().split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}
