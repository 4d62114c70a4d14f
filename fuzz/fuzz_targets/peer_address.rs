#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fixtures::oracles::headers::peer_address(data));
