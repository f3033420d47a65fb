//! A stack of which nothing but packets is at hand: an unmodified image with an
//! echo, discard or close service at an address.
//!
//! [`PacketStack`] reaches it by a TUN or TAP device or by datagrams
//! ([`Target`]). The service stands in for the application: it listens, accepts,
//! and does what its name says; no other call can be made, and what the
//! application is told nobody sees. Nobody tells either when the stack is quiet,
//! so after each packet a reply waits for a settle time in which nothing comes.
//! A fresh state is had by fresh ports of the peer, and by a RST for every
//! connection that a trial has left.
//!
//! Cases speak of addresses and ports of their own; they are put in place of the
//! real ones and back, checksums adjusted so that a wrong one stays wrong.
//!
//! Left out: what the image does at its start, and whether it has died since.
//! Several trials share one device at a time; packets of the stack that belong to
//! none of them are dropped.

mod carrier;
mod checksum;
mod clock;
mod declaration;
mod ethernet;
mod stack;
mod target;
mod terms;
mod translation;
mod trial;

pub use carrier::CarrierError;
pub use stack::PacketStack;
pub use target::{BadTarget, Target};
pub use terms::BadTerm;
