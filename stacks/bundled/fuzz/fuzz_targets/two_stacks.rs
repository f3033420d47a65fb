//! Two stacks joined by a link that the fuzzer makes faulty.

#![no_main]

#[path = "../scenarios/two_stacks.rs"]
mod two_stacks;

libfuzzer_sys::fuzz_target!(|input: &[u8]| two_stacks::run(input));
