//! The sans-IO interpreter of a case.
//!
//! A [`Plan`] says what to run; an [`Interpreter`] runs it by asking: it gives
//! out an [`Ask`] (open the stack, make a call, deliver packets, let time
//! pass), is resumed with the stack's reply, and in the end gives the
//! [`Trial`](tcpspec_record::Trial) record. Whoever holds it decides how the
//! asks are carried out: [`drive`] does it in a plain loop on a
//! [`StackUnderTest`](tcpspec_connector::StackUnderTest); a scheduler of waits
//! in real time can do it for many trials on one thread.
//!
//! | module | holds |
//! |---|---|
//! | [`plan`] | what to run, and whether the stack can do it at all |
//! | [`interpreter`] | asks and replies; the plain loop |
//! | `play` | a trial under way: clock, connections, replies taken in |
//! | `talk` | one connection: ports, numbers, texts, what has come |
//! | `steps` | what each kind of step does |
//! | `expectation` | the wait for what a `sut:` step allows |
//! | [`faults`] | a fault profile laid over a case |
//! | `persistence` | a peer that goes on until it has come through |
//! | `tries` | what a stack tries on a faulty link: whether it goes on |
//! | `matcher` | one segment against one pattern, field by field |
//! | `book` | both sides' sequence numbers, as the wire shows them |
//! | `eval` | values of expressions |
//! | `judge` | from the way a trial ended to its verdict and sentence |
//! | [`recorded`] | a trace played back: what judges an old run by the cases of today |
//! | `service` | which cases play where nobody can call the application |
//! | `recorder` | trace and step outcomes |
//!
//! Nothing here reads a clock, draws at random or performs I/O.

mod book;
mod eval;
mod expectation;
pub mod faults;
mod halt;
pub mod interpreter;
mod judge;
mod limits;
mod matcher;
mod persistence;
pub mod plan;
mod play;
pub mod recorded;
mod recorder;
mod routes;
mod service;
mod steps;
mod stream;
mod talk;
mod tries;

pub use faults::Faults;
pub use interpreter::{Ask, Interpreter, Progress, drive, drive_on_link};
pub use plan::Plan;
pub use recorded::Recorded;
