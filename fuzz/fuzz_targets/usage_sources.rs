#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mcoda_fuzzing::usage_sources(data));
