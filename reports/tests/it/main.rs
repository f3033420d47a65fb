//! What the printers make of one small log that holds every verdict.

mod fixture;
mod html;
mod junit;
mod ladder;
mod model;
mod terminal;
