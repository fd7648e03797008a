//! Gives the shared library its name for the dynamic linker, which changes with the ABI alone.

include!("src/abi.rs");

fn main() {
    println!("cargo:rerun-if-changed=src/abi.rs");
    println!("cargo:rerun-if-changed=build.rs");
    // The variable of Cargo's for build scripts; it says what is built for, not what is built on.
    #[allow(clippy::disallowed_methods, reason = "this is the build's environment, not the user's")]
    let system = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if ["linux", "android", "freebsd", "netbsd", "openbsd", "dragonfly"].contains(&system.as_str()) {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libmcoda.so.{MCODA_ABI_VERSION}");
    }
}
