//! Line protocol v1: the seam of `tcpspec-connector` as lines of JSON, to stacks
//! in other processes and other languages. `PROTOCOL.md` beside this crate's
//! manifest is for whoever writes such a stack.
//!
//! | module | holds |
//! |---|---|
//! | [`address`] | where a stack is: `exec:`, `unix:`, `tcp:` |
//! | [`client`] | any v1 process as a [`StackUnderTest`](tcpspec_connector::StackUnderTest) |
//! | [`server`] | any `StackUnderTest` as a v1 process |
//! | `declaration`, `request`, `reply` | the lines: hello, what is asked, what is answered |
//! | `asked` | what was asked, in words |
//! | `schema` | the same for programs |
//! | `hex`, `option` | octets and options in them |
//! | `session` | a process or connection, from its hello on |
//! | [`transcript`] | what was said, as far as it is kept |
//! | `order` | whether the times of a reply can be |
//! | `drift` | whether a real clock goes as the harness's own does |
//! | `channel` | lines to and from a process or socket, each with its deadline |
//! | `process` | processes that leave nothing behind |
//!
//! It judges no TCP: it says whether a stack has died, is silent, or breaks the
//! protocol.

pub mod address;
mod asked;
mod channel;
pub mod client;
mod declaration;
mod drift;
mod hex;
mod option;
mod order;
mod process;
mod reply;
mod request;
mod schema;
pub mod server;
mod session;
pub mod transcript;

pub use address::Address;
pub use client::{Client, Greeting};
pub use declaration::OTHER_VERSION;
pub use process::end_processes;
pub use schema::schema;
pub use server::{ServeError, serve};
pub use transcript::Transcript;
