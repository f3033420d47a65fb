//! Laws of the vocabulary, each over generated input: what holds for every
//! sequence number, text, packet and edit.

mod mangle;
mod packet;
mod pnet;
mod seq;
mod strategies;
mod text;
