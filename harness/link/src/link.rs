//! Two directions, and the packets under way.

use std::collections::BTreeMap;
use std::time::Duration;

use tcpspec_wire::Instant;

use crate::End;
use crate::chance::Chance;
use crate::conditions::Conditions;
use crate::damage::{self, TooLarge};
use crate::fault::{Fault, Happened};
use crate::passage::{Arrival, Origin, Passage, Sent};
use crate::rule::{Rule, Rules};
use crate::tally::{Fate, Tally};
use crate::way::{Lots, Way};

/// Longest that a packet waits for others to overtake it, if none come.
const HELD_AT_MOST: Duration = Duration::from_millis(200);

/// A link between two ends.
#[derive(Clone, Debug)]
pub struct Link {
    left: Way,
    right: Way,
    under_way: BTreeMap<Place, Parcel>,
    held: Vec<Held>,
    /// Packets and copies put under way.
    count: u64,
    happened: Vec<Happened>,
    tally: Tally,
}

/// A packet's place among those under way: by arrival, then in the order of
/// sending.
pub(crate) type Place = (Instant, u64);

#[derive(Clone, Debug)]
struct Parcel {
    from: End,
    octets: Vec<u8>,
    origin: Origin,
}

/// A packet that others shall overtake.
#[derive(Clone, Copy, Debug)]
struct Held {
    from: End,
    /// Its place among those under way.
    place: Place,
    /// How many more shall overtake it.
    behind: u16,
}

impl Link {
    /// A link with these conditions: what the left end sends, and what the
    /// right end does. Lots are drawn from `seed`, for each direction its own.
    #[must_use]
    pub fn new(left: Conditions, right: Conditions, rules: &[Rule], seed: u64) -> Self {
        let drawn = |salt: u64| Lots::Drawn(Chance::new(seed ^ salt));
        Self::joined(
            [left, right],
            rules,
            [drawn(0), drawn(0xa5a5_5a5a_c3c3_3c3c)],
        )
    }

    /// The same link without chance: the faults are those of `schedule`.
    #[must_use]
    pub fn replay(
        left: &Conditions,
        right: &Conditions,
        rules: &[Rule],
        schedule: &[Happened],
    ) -> Self {
        let lots = || Lots::Replayed(schedule.to_vec());
        let conditions = [left.without_chance(), right.without_chance()];
        Self::joined(conditions, rules, [lots(), lots()])
    }

    fn joined([left, right]: [Conditions; 2], rules: &[Rule], lots: [Lots; 2]) -> Self {
        let [left_lots, right_lots] = lots;
        let way =
            |from, conditions, lots| Way::new(from, conditions, Rules::new(from, rules), lots);
        Self {
            left: way(End::Left, left, left_lots),
            right: way(End::Right, right, right_lots),
            under_way: BTreeMap::new(),
            held: Vec::new(),
            count: 0,
            happened: Vec::new(),
            tally: Tally::default(),
        }
    }

    /// Adds a rule that counts packets from now on.
    pub fn add_rule(&mut self, rule: &Rule) {
        for from in End::BOTH {
            if rule.from.is_none_or(|end| end == from) {
                self.way(from).rules.add(rule.clone());
            }
        }
    }

    /// Changes the conditions of what `from` sends from now on.
    pub fn change(&mut self, from: End, change: impl FnOnce(&mut Conditions)) {
        change(&mut self.way(from).conditions);
    }

    /// Takes a packet from an end; what is done to it.
    pub fn send(&mut self, from: End, now: Instant, packet: Vec<u8>) -> Sent {
        self.tally.fate(Fate::Sent);
        let (nth, faults) = self.way(from).faults(&packet);
        for fault in &faults {
            self.tally.word(fault.word());
            let fault = *fault;
            self.happened.push(Happened { from, nth, fault });
        }
        let mut sent = Sent::of(faults);
        if sent.faults.contains(&Fault::Drop) {
            return sent;
        }
        if self.way(from).conditions.is_out(now.since(Instant::ZERO)) {
            self.note_loss(from, nth);
            return self.meet(Fate::Outage, sent);
        }
        let damaged = damaged(packet, &sent.faults, self.ident());
        for piece in self.pieces(from, now, damaged, &mut sent) {
            let waits = self.way(from).is_busy(now);
            match self.way(from).arrival(now, piece.len()) {
                Some(arrival) => {
                    if waits {
                        self.tally.fate(Fate::Waited);
                    }
                    sent.place = Some(self.put_under_way(from, arrival, piece, &sent.faults));
                }
                None => {
                    self.note_loss(from, nth);
                    sent = self.meet(Fate::QueueFull, sent);
                }
            }
        }
        sent
    }

    /// Takes a packet from an end, and gives it back if it arrives in the same
    /// instant and as it is: a link on which nothing happens costs its user
    /// nothing but this call.
    pub fn pass(&mut self, from: End, now: Instant, packet: Vec<u8>) -> Passage {
        let sent = self.send(from, now, packet);
        let Some(place) = sent.place.filter(|(at, _)| sent.is_plain() && *at <= now) else {
            return Passage::Met(sent);
        };
        let first = self.under_way.first_entry();
        match first.filter(|first| *first.key() == place) {
            Some(first) => {
                let octets = first.remove().octets;
                self.tally.fate(Fate::Arrived);
                Passage::Through(octets)
            }
            None => Passage::Met(sent),
        }
    }

    /// Puts a packet of an end on the link once more: an old duplicate, to which
    /// nothing is done and which no rule counts.
    pub fn repeat(&mut self, from: End, now: Instant, packet: Vec<u8>) {
        self.tally.fate(Fate::Replayed);
        let place = self.insert(from, now, packet);
        self.mark(place, Origin::Replayed);
    }

    fn mark(&mut self, place: Place, origin: Origin) {
        if let Some(parcel) = self.under_way.get_mut(&place) {
            parcel.origin = origin;
        }
    }

    /// A packet was lost for want of a link: without that it would have to be
    /// dropped for the same to happen.
    fn note_loss(&mut self, from: End, nth: u32) {
        let fault = Fault::Drop;
        self.happened.push(Happened { from, nth, fault });
    }

    /// The name of the next packet's fragments.
    const fn ident(&self) -> u16 {
        self.count as u16 + 1
    }

    fn meet(&mut self, fate: Fate, sent: Sent) -> Sent {
        self.tally.fate(fate);
        let fate = Some(fate);
        Sent { fate, ..sent }
    }

    /// When the next packet arrives.
    #[must_use]
    pub fn next_arrival(&self) -> Option<Instant> {
        self.under_way.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next packet that has arrived by `now`.
    pub fn receive(&mut self, now: Instant) -> Option<Arrival> {
        let first = self
            .under_way
            .first_entry()
            .filter(|first| first.key().0 <= now)?;
        let ((at, _), parcel) = first.remove_entry();
        self.tally.fate(Fate::Arrived);
        Some(Arrival {
            at,
            to: parcel.from.other(),
            octets: parcel.octets,
            origin: parcel.origin,
        })
    }

    /// Every fault so far, in order.
    #[must_use]
    pub fn happened(&self) -> &[Happened] {
        &self.happened
    }

    /// What became of the packets so far.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    const fn way(&mut self, from: End) -> &mut Way {
        match from {
            End::Left => &mut self.left,
            End::Right => &mut self.right,
        }
    }

    /// The packets in sizes that the link carries. Where that cannot be, none,
    /// and the sender is told over a link that does nothing to such news.
    fn pieces(
        &mut self,
        from: End,
        now: Instant,
        packets: Vec<Vec<u8>>,
        sent: &mut Sent,
    ) -> Vec<Vec<u8>> {
        let Some(mtu) = self.way(from).conditions.mtu else {
            return packets;
        };
        let ident = self.ident();
        let mut pieces = Vec::new();
        for packet in packets {
            if packet.len() <= usize::from(mtu) {
                pieces.push(packet);
                continue;
            }
            self.tally.fate(Fate::TooLarge);
            sent.fate = Some(Fate::TooLarge);
            match damage::too_large(packet, mtu, ident) {
                Some(TooLarge::Pieces(fragments)) => pieces.extend(fragments),
                Some(TooLarge::Told(news)) => {
                    let at = now + self.way(from).conditions.delay;
                    let place = self.insert(from.other(), at, news);
                    self.mark(place, Origin::News);
                }
                None => {}
            }
        }
        pieces
    }

    fn put_under_way(
        &mut self,
        from: End,
        arrival: Instant,
        packet: Vec<u8>,
        faults: &[Fault],
    ) -> Place {
        let detour = Detour::of(faults);
        let at = if detour.delay > Duration::ZERO || detour.behind > 0 {
            arrival + detour.delay + detour.jitter
        } else {
            // Only what nothing holds back has a place in the order.
            self.way(from).in_order(arrival, detour.jitter)
        };
        for later in detour.copies {
            self.insert(from, at + later, packet.clone());
        }
        if detour.behind > 0 {
            let place = self.insert(from, at + HELD_AT_MOST, packet);
            let behind = detour.behind;
            self.held.push(Held {
                from,
                place,
                behind,
            });
            place
        } else {
            let place = self.insert(from, at, packet);
            self.overtake(from, place.0);
            place
        }
    }

    fn insert(&mut self, from: End, at: Instant, octets: Vec<u8>) -> Place {
        self.count += 1;
        let place = (at, self.count);
        let parcel = Parcel {
            from,
            octets,
            origin: Origin::Sent,
        };
        self.under_way.insert(place, parcel);
        place
    }

    /// A packet that arrives at `at` overtakes all that are held.
    fn overtake(&mut self, from: End, at: Instant) {
        let mut held = std::mem::take(&mut self.held);
        held.retain_mut(|held| {
            if held.from != from {
                return true;
            }
            held.behind -= 1;
            if held.behind == 0
                && let Some(parcel) = self.under_way.remove(&held.place)
            {
                self.insert(from, at.min(held.place.0), parcel.octets);
            }
            held.behind > 0
        });
        self.held = held;
    }
}

/// How a packet's faults change its way.
#[derive(Debug, Default)]
struct Detour {
    delay: Duration,
    jitter: Duration,
    /// How many shall overtake it.
    behind: u16,
    /// How much later each copy comes.
    copies: Vec<Duration>,
}

impl Detour {
    fn of(faults: &[Fault]) -> Self {
        let mut detour = Self::default();
        for fault in faults {
            match *fault {
                Fault::Duplicate(later) => detour.copies.push(later),
                Fault::Delay(later) => detour.delay += later,
                Fault::Jitter(later) => detour.jitter += later,
                Fault::Reorder(distance) => detour.behind = distance,
                Fault::Drop
                | Fault::Corrupt(_)
                | Fault::CorruptSilently(_)
                | Fault::Truncate(_)
                | Fault::Fragment(_) => {}
            }
        }
        detour
    }
}

/// The packet with the faults that change its octets, whole or in fragments.
fn damaged(mut packet: Vec<u8>, faults: &[Fault], ident: u16) -> Vec<Vec<u8>> {
    let mut size = None;
    for fault in faults {
        match *fault {
            Fault::Corrupt(bit) => damage::corrupt(&mut packet, bit),
            Fault::CorruptSilently(bit) => damage::corrupt_silently(&mut packet, bit),
            Fault::Truncate(octets) => damage::truncate(&mut packet, octets),
            Fault::Fragment(octets) => size = Some(octets),
            Fault::Drop
            | Fault::Duplicate(_)
            | Fault::Delay(_)
            | Fault::Jitter(_)
            | Fault::Reorder(_) => {}
        }
    }
    match size {
        Some(size) => damage::fragment(packet, size, ident),
        None => vec![packet],
    }
}
