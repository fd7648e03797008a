//! Compiles SQLite a second time, as a shared library of its own: the copy that a host brings along.

#![allow(clippy::disallowed_methods, reason = "a build script gets its input from variables")]

use std::env;
use std::path::PathBuf;

fn main() {
    // Set by the build script of libsqlite3-sys: the folder of its sqlite3.c.
    let source = PathBuf::from(env::var_os("DEP_SQLITE3_INCLUDE").expect("libsqlite3-sys is bundled"))
        .join("sqlite3.c");
    let library = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("libforeign_sqlite.so");
    println!("cargo:rerun-if-changed={}", source.display());
    println!("cargo:rustc-env=FOREIGN_SQLITE={}", library.display());
    let mut compile = cc::Build::new().opt_level(1).pic(true).warnings(false).get_compiler().to_command();
    // Bound to itself: not one of its calls may end up in the other copy.
    compile.args(["-shared", "-Wl,-Bsymbolic", "-DSQLITE_THREADSAFE=1", "-o"]).arg(&library).arg(&source);
    let status = compile.status().expect("a C compiler");
    assert!(status.success(), "{compile:?}");
}
