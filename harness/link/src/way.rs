//! One direction of a link: which faults a packet meets, and when it would
//! arrive.

use std::time::Duration;

use tcpspec_wire::Instant;

use crate::End;
use crate::chance::Chance;
use crate::conditions::Conditions;
use crate::damage;
use crate::fault::{Fault, Happened};
use crate::rule::Rules;

/// One direction of a link.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    from: End,
    pub(crate) conditions: Conditions,
    pub(crate) rules: Rules,
    lots: Lots,
    /// Packets so far.
    count: u32,
    /// Until when the link is busy with what was sent.
    busy_until: Instant,
    /// The latest arrival of what keeps its order.
    latest: Instant,
}

/// Where faults come from that no rule asks for.
#[derive(Clone, Debug)]
pub(crate) enum Lots {
    /// They are drawn.
    Drawn(Chance),
    /// They happened before, and happen again.
    Replayed(Vec<Happened>),
}

impl Way {
    pub(crate) const fn new(from: End, conditions: Conditions, rules: Rules, lots: Lots) -> Self {
        Self {
            from,
            conditions,
            rules,
            lots,
            count: 0,
            busy_until: Instant::ZERO,
            latest: Instant::ZERO,
        }
    }

    /// The number of the next packet, and its faults: those of the rules, or,
    /// where no rule means the packet, those of the lots.
    pub(crate) fn faults(&mut self, packet: &[u8]) -> (u32, Vec<Fault>) {
        self.count += 1;
        let ruled = self.rules.judge(packet);
        if !ruled.is_empty() {
            return (self.count, ruled);
        }
        let faults = match &mut self.lots {
            Lots::Drawn(chance) => chance.draw(&self.conditions, damage::carried(packet)),
            Lots::Replayed(happened) => happened
                .iter()
                .filter(|one| (one.from, one.nth) == (self.from, self.count))
                .map(|one| one.fault)
                .collect(),
        };
        (self.count, faults)
    }

    /// Whether a packet would have to wait until others are on their way.
    pub(crate) fn is_busy(&self, now: Instant) -> bool {
        self.busy_until > now
    }

    /// When a packet of so many octets arrives if nothing is done to it; `None`
    /// if the queue has no room for it.
    pub(crate) fn arrival(&mut self, now: Instant, octets: usize) -> Option<Instant> {
        let waiting = self.conditions.waiting(self.busy_until.since(now));
        let room = self.conditions.queue.map_or(u64::MAX, u64::from);
        if waiting > 0 && waiting + octets as u64 > room {
            return None;
        }
        self.busy_until = self.busy_until.max(now) + self.conditions.busy_for(octets);
        Some(self.busy_until + self.conditions.delay)
    }

    /// The arrival of a packet that keeps its order: not before the one sent
    /// before it.
    pub(crate) fn in_order(&mut self, arrival: Instant, jitter: Duration) -> Instant {
        self.latest = self.latest.max(arrival + jitter);
        self.latest
    }
}
