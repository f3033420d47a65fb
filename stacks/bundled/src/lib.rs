//! The TCP of tcpspec: a host TCP to read, and to test against.
//!
//! It follows RFC 9293 in its order and its words. It performs no I/O and reads
//! no clock: packets and time come in as arguments, packets and state changes
//! are polled out. [`Host`] explains the calls.
//!
//! | beside RFC 9293 | for | switch in [`Config`] |
//! |---|---|---|
//! | RFC 1191, 8201, 5927 | ICMP errors, path MTU | `icmp` |
//! | RFC 1337, 6191 | TIME-WAIT: RST ignored, opened anew | `time_wait` |
//! | RFC 2018, 2883, 6675 | selective acknowledgment | `sack`, `duplicate_sack` |
//! | RFC 3042 | limited transmit | `limited_transmit` |
//! | RFC 3168 | explicit congestion notification | `ecn` |
//! | RFC 5482 | user timeout option | `user_timeouts` |
//! | RFC 5681, 6582, 6928 | congestion control | `fast_retransmit`, `initial_window` |
//! | RFC 5961 | blind attacks | `blind_attacks`, `challenge_limit` |
//! | RFC 6298 | retransmission timeout | `rto_min`, `rto_max` |
//! | RFC 6528, 6056 | sequence numbers, ports | `isn` |
//! | RFC 7323 | window scale, timestamps | `window_scale`, `timestamps` |
//!
//! | read | for |
//! |---|---|
//! | `phase` | the eleven states, what each owns, and the transition function |
//! | `arrives/*` | SEGMENT ARRIVES, one file per check, in the RFC's order |
//! | `user`, `urgent` | SEND, RECEIVE, CLOSE, ABORT |
//! | `connection` | output and timers, which all states share |
//! | `send`, `scoreboard`, `rtt`, `congestion`, `timers` | the sending direction |
//! | `receive`, `assembler` | the receiving direction |
//! | `options`, `timestamps`, `ecn`, `user_timeout` | what both SYNs agree on |
//! | `icmp`, `path_mtu`, `route` | what routers say, and which are asked for |
//! | `keepalive`, `orphan`, `challenge`, `error_report` | what a connection does beside |
//! | `reply` | every segment that is sent |
//! | `host/*` | addresses, demultiplexing, listeners, TIME-WAIT, the public calls |
//! | `isn`, `config`, `limits`, `error`, `transition` | the rest |
//!
//! Left out: IP fragments, security labels, fast open.
//!
//! # Two hosts back to back
//!
//! ```
//! use std::net::IpAddr;
//! use tcpspec_bundled::{Config, Error, Host};
//! use tcpspec_wire::{Instant, State};
//!
//! /// Carries packets to and fro until both hosts are quiet.
//! fn exchange(now: Instant, a: &mut Host, b: &mut Host) {
//!     loop {
//!         if let Some(packet) = a.poll_transmit() {
//!             b.deliver(now, &packet);
//!         } else if let Some(packet) = b.poll_transmit() {
//!             a.deliver(now, &packet);
//!         } else {
//!             return;
//!         }
//!     }
//! }
//!
//! # fn main() -> Result<(), Error> {
//! let now = Instant::ZERO;
//! let (here, there): (IpAddr, IpAddr) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
//! let mut server = Host::new(Config::default(), &[here], 1);
//! let mut client = Host::new(Config::default(), &[there], 2);
//!
//! server.listen(now, 80, 16)?;
//! let ours = client.connect(now, 40_000, (here, 80).into())?;
//! exchange(now, &mut client, &mut server);
//! let theirs = server.accept(80)?;
//!
//! client.send(now, ours, b"hello")?;
//! exchange(now, &mut client, &mut server);
//! assert_eq!(server.recv(now, theirs, 100)?, b"hello");
//!
//! client.close(now, ours)?;
//! exchange(now, &mut client, &mut server);
//! assert_eq!(server.recv(now, theirs, 100), Err(Error::Eof));
//! server.close(now, theirs)?;
//! exchange(now, &mut client, &mut server);
//! assert_eq!(client.state(ours), State::TimeWait);
//!
//! // 2 MSL later nothing is left; no clock was waited for.
//! while let Some(deadline) = client.poll_at() {
//!     client.on_time(deadline);
//! }
//! assert_eq!(client.state(ours), State::Closed);
//! # Ok(())
//! # }
//! ```

mod arrives;
mod assembler;
mod challenge;
mod config;
mod congestion;
mod connection;
mod ecn;
mod error;
mod error_report;
mod host;
mod icmp;
mod isn;
mod keepalive;
mod limits;
mod options;
mod orphan;
mod path_mtu;
mod phase;
mod receive;
mod reply;
mod route;
mod rtt;
mod scoreboard;
mod send;
mod timers;
mod timestamps;
mod transition;
mod urgent;
mod user;
mod user_timeout;

pub use challenge::{BlindAttacks, ChallengeLimit};
pub use config::{CloseKind, Config, FullBacklog, InitialWindow, Isn};
pub use connection::ConnectionId;
pub use error::Error;
pub use error_report::{ErrorReport, Reason};
pub use host::{Host, Status, TimeWaitPolicy};
pub use icmp::{HardErrors, IcmpPolicy};
pub use keepalive::KeepAlive;
pub use transition::Transition;
pub use user_timeout::UserTimeouts;
