//! The Linux kernel's TCP as a stack under test.
//!
//! [`LinuxStack`] drives the kernel that runs, in a network namespace of its
//! own: crafted packets go in and answers come out through a TUN device, or a
//! pair of Ethernet devices where there is none; the application is real
//! sockets; states are read by sock_diag, connections that nobody holds a
//! descriptor of included, and from the kernel's own log of their changes
//! where the process may read that, with its reasons for dropping a packet or
//! sending a RST. The host's own network is never touched, and nothing is left
//! when the process ends; where it was killed, a connection that its application
//! had closed keeps its namespace until the kernel gives it up, two minutes at
//! most.
//!
//! [`sandbox`] gets the process the rights for that and says what is missing
//! where they cannot be had.

mod application;
mod btf;
mod clock;
mod connections;
pub mod device;
mod diag;
mod error;
mod floor;
mod hello;
mod info;
mod lane;
mod link;
mod netlink;
mod netns;
mod options;
mod port;
mod priority;
mod room;
pub mod sandbox;
mod stack;
pub mod stamped;
mod statelog;
mod sys;
mod sysctl;
mod tap;
mod tun;
mod veth;

pub use floor::Floor;
pub use options::{Options, UnknownOption};
pub use port::Attachment;
pub use priority::Priority;
pub use room::Room;
pub use stack::{LinuxStack, Settings};
