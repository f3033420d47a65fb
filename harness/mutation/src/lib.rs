//! Does the suite bite? The bundled stack is broken on purpose, one small edit
//! at a time, and every case is run on it: a mutant that no case fails on is a
//! hole in the suite.
//!
//! | module | holds |
//! |---|---|
//! | [`manifest`] | `stacks/bundled/mutants/`: what is broken, where, against which clause |
//! | [`workshop`] | a copy of the tree: edit, build, run, put back |
//! | [`suite`] | one run of the suite, and which cases fail in it |
//! | [`results`] | what became of each mutant, kept from run to run |
//! | [`page`] | the tables of `stacks/bundled/MUTANTS.md` |
//!
//! Only the bundled stack is mutated: the harness is held by its own tests.

pub mod manifest;
pub mod page;
pub mod results;
pub mod suite;
pub mod workshop;
