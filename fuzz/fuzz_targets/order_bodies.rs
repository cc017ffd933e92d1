#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| order::http::fuzzing::read_bodies(bytes));
