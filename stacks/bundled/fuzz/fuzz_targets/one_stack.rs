//! One stack that is fed whatever the fuzzer thinks of.

#![no_main]

#[path = "../scenarios/one_stack.rs"]
mod one_stack;

libfuzzer_sys::fuzz_target!(|input: &[u8]| one_stack::run(input));
