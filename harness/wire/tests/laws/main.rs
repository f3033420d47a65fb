//! Laws of the vocabulary, each over generated input: what holds for every
//! sequence number, text, packet and edit.

#![expect(
    clippy::unwrap_used,
    reason = "clippy knows test functions, not their helpers"
)]

mod mangle;
mod packet;
mod pnet;
mod seq;
mod strategies;
mod text;
