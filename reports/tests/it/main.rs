//! What the printers make of one small log that holds every verdict.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cause;
mod compare;
mod counts;
mod duels;
mod fixture;
mod health;
mod hostile;
mod html;
mod junit;
mod ladder;
mod matrix;
mod model;
mod outputs;
mod pcapng;
mod states;
mod terminal;
