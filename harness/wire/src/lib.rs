//! The vocabulary of tcpspec, in RFC 9293's words.
//!
//! | module | holds |
//! |---|---|
//! | [`time`] | [`Instant`]: nanoseconds since a stack was opened |
//! | [`seq`] | [`SeqNumber`]: arithmetic modulo 2^32, without an order |
//! | [`ranges`] | [`Ranges`]: which numbers of a stream have come |
//! | [`window`] | the window as sent, in octets, and its scale: three types |
//! | [`flags`] | [`Flags`]: the control bits |
//! | [`state`] | [`State`]: the eleven connection states |
//! | [`option`] | [`TcpOption`]; unknown and malformed ones are kept |
//! | [`segment`] | [`Segment`]: well-formed TCP |
//! | [`packet`] | [`Packet`]: IP around it; encoding and decoding |
//! | [`route`] | [`SourceRoute`]: the routers by which an IPv4 packet goes |
//! | [`icmp`] | [`IcmpError`]: the error messages that quote a segment |
//! | [`mod@mangle`] | [`Mangle`]: edits of bytes, for malformed traffic |
//! | [`text`] | the one-line form of a segment, the same everywhere |
//! | [`capability`] | what a stack may declare that it can do |
//!
//! Nothing here keeps state, reads a clock or performs I/O, and no input can
//! make it panic.

pub mod capability;
pub mod checksum;
pub mod ecn;
pub mod flags;
pub mod icmp;
pub mod mangle;
pub mod option;
pub mod packet;
pub mod ranges;
pub mod route;
pub mod segment;
pub mod seq;
pub mod state;
pub mod text;
pub mod time;
pub mod window;

pub use capability::{Capability, Need};
pub use ecn::Ecn;
pub use flags::Flags;
pub use icmp::IcmpError;
pub use mangle::{Mangle, mangle};
pub use option::{OptionBuffer, OptionSpace, TcpOption};
pub use packet::{
    Body, BodyRef, DecodeError, Decoded, Defect, Defects, IpHeader, Packet, PacketRef,
};
pub use ranges::Ranges;
pub use route::SourceRoute;
pub use segment::{Segment, SegmentDraft, SegmentRef};
pub use seq::SeqNumber;
pub use state::State;
pub use text::{SegmentText, TextError};
pub use time::Instant;
pub use window::{WindowField, WindowScale, WindowSize};
