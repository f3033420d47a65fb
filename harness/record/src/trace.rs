//! The trace: all that happened in a trial, stamped.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TraceEvent {
    /// When, in nanoseconds since the stack was opened.
    pub at: u64,
    /// The step (counted from 1, preludes included) that was under way.
    pub step: usize,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Event {
    /// A packet came out of the link: as it was sent and at once, unless it is late.
    Packet {
        /// Who sent it.
        from: Side,
        /// Its one-line text; what is known of it, if it is no segment.
        text: String,
        /// Its octets from the IP header on, in hex.
        octets: String,
        /// How it was taken: `None` for what the peer sends.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        taken: Option<Taken>,
        /// The case's remark on it, or why it was tolerated.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
        /// Whether it has come out of a faulty link later, or otherwise, than it
        /// went in: an event of the wire tells of that.
        #[serde(default, skip_serializing_if = "is_false")]
        late: bool,
    },
    /// A packet went into the link and was not what came out in the same instant,
    /// if anything did. What comes out is a packet of its own.
    Wire {
        /// Who sent it.
        from: Side,
        /// Its one-line text.
        text: String,
        /// Its octets from the IP header on, in hex, as they were sent.
        octets: String,
        /// What the link did to it, in words: `lost on the wire`.
        did: String,
        /// The case's remark on it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// What the awaited step allowed, where something else came or nothing
    /// did: the dashed lines of a ladder. One event per alternative.
    Expected {
        /// The one-line text with symbols resolved.
        text: String,
        /// Until when, in words: `within 500 ms`.
        when: String,
    },
    /// The application made a call.
    App {
        /// The call as the case writes it: `send len=100`.
        call: String,
        /// What it was told: `ok`, `100 octets`, `eof`, `reset` ...
        result: String,
        /// The octets that it read, in hex.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        octets: Option<String>,
    },
    /// The connection changed its state, or was seen to have changed it.
    State {
        /// The state's name in RFC 9293.
        state: String,
        /// Whether the stack reported the change itself, rather than a sample
        /// showing it afterwards.
        exact: bool,
    },
    /// The stack did something for a reason that it gives: its own account,
    /// by which nothing is judged. It stands before the packets that came of
    /// the same.
    Reason {
        /// What it did.
        did: Did,
        /// Why, in its own words: `TCP_INVALID_SEQUENCE`.
        why: String,
    },
    /// Time was let pass for the case's sake.
    Wait {
        /// How long, in nanoseconds.
        nanos: u64,
        /// Whether the stack learnt of it only when it was over.
        #[serde(default, skip_serializing_if = "is_false")]
        leap: bool,
    },
}

const fn is_false(value: &bool) -> bool {
    !*value
}

/// Which end of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The peer: the side tcpspec plays.
    Peer,
    /// The stack under test.
    Sut,
}

/// What a stack gives a reason for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Did {
    /// It dropped a packet.
    Dropped,
    /// It sent a RST.
    Reset,
}

/// How a segment of the stack was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Taken {
    /// A step expected it.
    Matched,
    /// No step expected it, but it does no harm: a repeat, a further
    /// duplicate ACK, a window update.
    Tolerated,
    /// It broke the trial.
    Refused,
    /// It came after the trial was decided.
    After,
}
