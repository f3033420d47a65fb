//! The stack against RFC 9293, through its public calls and crafted segments:
//! tables by state, event and outcome.

mod addresses;
mod calls;
mod challenge;
mod close;
mod data;
mod ecn;
mod icmp;
mod link;
mod liveness;
mod matrix;
mod open;
mod options;
mod recovery;
mod rig;
mod routes;
mod time_wait;
mod timers;
mod urgent;
mod user_timeout;
