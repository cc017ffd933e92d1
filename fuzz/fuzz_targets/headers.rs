#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    web::fuzzing::headers(bytes);
    let _ = access::read_unverified(&String::from_utf8_lossy(bytes));
});
