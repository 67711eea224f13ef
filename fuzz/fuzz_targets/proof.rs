#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mcpo_fuzz::words::proof(data));
