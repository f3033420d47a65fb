//! Faults by predicate: which packets a fault is done to, before any lot is
//! drawn.

use std::fmt;

use tcpspec_wire::packet::BodyRef;
use tcpspec_wire::{Flags, PacketRef, SeqNumber};

use crate::End;
use crate::fault::Fault;

/// A fault for certain packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The end that sends them; `None` for both.
    pub from: Option<End>,
    /// What they carry.
    pub which: Which,
    /// Which of these it is done to.
    pub times: Times,
    /// What is done.
    pub fault: Fault,
}

/// What a packet carries, as far as faults tell packets apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Whatever it carries.
    Any,
    /// A SYN without ACK.
    Syn,
    /// A SYN with ACK.
    SynAck,
    /// A FIN, with text or without.
    Fin,
    /// A RST.
    Rst,
    /// Text.
    Data,
    /// An ACK that takes no sequence numbers.
    Ack,
    /// Sequence numbers that went by before: text, SYN or FIN.
    Repeat,
    /// An ICMP error.
    Icmp,
}

/// Which of several packets alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// Each of them.
    Every,
    /// One of them, counted from 1.
    Nth(u32),
    /// As many as that, from the first one on.
    First(u32),
}

impl Times {
    /// Whether the `nth` packet of its kind is meant, counted from 1.
    const fn includes(self, nth: u32) -> bool {
        match self {
            Self::Every => true,
            Self::Nth(one) => nth == one,
            Self::First(count) => nth <= count,
        }
    }
}

impl Which {
    /// All of them, with the words of cases.
    pub const ALL: [(Self, &str); 9] = [
        (Self::Any, "any"),
        (Self::Syn, "SYN"),
        (Self::SynAck, "SYN+ACK"),
        (Self::Fin, "FIN"),
        (Self::Rst, "RST"),
        (Self::Data, "data"),
        (Self::Ack, "ACK"),
        (Self::Repeat, "repeat"),
        (Self::Icmp, "ICMP"),
    ];

    /// The one that a case calls so.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find_map(|(which, name)| (name == word).then_some(which))
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(which, _)| which == self);
        f.write_str(name.map_or("", |(_, name)| name))
    }
}

/// The rules of one direction, with how many packets each has met.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    rules: Vec<(Rule, u32)>,
    /// The end of what went by.
    highest: Option<SeqNumber>,
}

impl Rules {
    pub(crate) fn new(from: End, rules: &[Rule]) -> Self {
        let ours = rules
            .iter()
            .filter(|rule| rule.from.is_none_or(|end| end == from));
        Self {
            rules: ours.map(|rule| (rule.clone(), 0)).collect(),
            highest: None,
        }
    }

    /// Adds one, to count from now on.
    pub(crate) fn add(&mut self, rule: Rule) {
        self.rules.push((rule, 0));
    }

    /// What the rules do to this packet: every rule that means it, in order.
    pub(crate) fn judge(&mut self, octets: &[u8]) -> Vec<Fault> {
        let Ok(packet) = PacketRef::decode(octets) else {
            return Vec::new();
        };
        let is_repeat = self.is_repeat(&packet);
        let mut faults = Vec::new();
        for (rule, count) in &mut self.rules {
            if is(rule.which, &packet.body, is_repeat) {
                *count += 1;
                faults.extend(rule.times.includes(*count).then_some(rule.fault));
            }
        }
        faults
    }

    /// Whether all its sequence numbers went by before; takes note of them.
    /// A SYN begins anew, unless it is the last thing that went by.
    fn is_repeat(&mut self, packet: &PacketRef<'_>) -> bool {
        let BodyRef::Tcp(segment) = &packet.body else {
            return false;
        };
        let end = segment.end();
        if segment.seq_len() == 0 {
            return false;
        }
        let begins = segment.flags.contains(Flags::SYN);
        let went_by = match self.highest {
            Some(highest) if begins => highest == end,
            Some(highest) => end.at_or_before(highest),
            None => false,
        };
        if !went_by {
            self.highest = Some(end);
        }
        went_by
    }
}

/// Whether a packet is of this kind.
fn is(which: Which, body: &BodyRef<'_>, is_repeat: bool) -> bool {
    let segment = match body {
        BodyRef::Tcp(segment) => segment,
        BodyRef::Icmp(_) => return matches!(which, Which::Any | Which::Icmp),
        BodyRef::Fragment { .. } | BodyRef::Other { .. } => return which == Which::Any,
    };
    let has = |flags: Flags| segment.flags.contains(flags);
    match which {
        Which::Any => true,
        Which::Syn => has(Flags::SYN) && !has(Flags::ACK),
        Which::SynAck => has(Flags::SYN) && has(Flags::ACK),
        Which::Fin => has(Flags::FIN),
        Which::Rst => has(Flags::RST),
        Which::Data => !segment.payload.is_empty(),
        Which::Ack => has(Flags::ACK) && !has(Flags::RST) && segment.seq_len() == 0,
        Which::Repeat => is_repeat,
        Which::Icmp => false,
    }
}
