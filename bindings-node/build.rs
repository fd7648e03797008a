//! Lets the library be linked without Node's symbols, which it gets when Node loads it.

fn main() {
    napi_build::setup();
}
