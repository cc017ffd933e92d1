#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| auth::http::fuzzing::read_bodies(bytes));
