//! Lets the library be linked without Node's symbols, which it gets when Node loads it.

fn main() {
    napi_build::setup();
    // Node unloads what a worker has loaded when the worker ends; a thread of ours may still be on its way out.
    #[allow(clippy::disallowed_methods, reason = "this is the build's environment, not the user's")]
    let system = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if system == "linux" {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
