//! What one end has shown of itself and what it has seen of the other.

use std::collections::BTreeSet;

use tcpspec_wire::{Flags, Instant, Ranges, Segment, SeqNumber, TcpOption, WindowScale};

use crate::repeats::Repeats;

/// One end of the connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    /// What it has sent.
    pub(crate) shown: Option<Shown>,
    /// What has come to it.
    pub(crate) seen: Option<Seen>,
    /// Its connection is no more.
    pub(crate) is_closed: bool,
    /// Its application has aborted.
    pub(crate) may_reset: bool,
}

/// What an end has sent.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) iss: SeqNumber,
    /// Behind the last number that it has used.
    pub(crate) next: SeqNumber,
    /// Its text from the first octet on.
    pub(crate) text: Vec<u8>,
    /// Behind its FIN.
    pub(crate) fin: Option<SeqNumber>,
    pub(crate) offer: Offer,
    /// Its last acknowledgment.
    pub(crate) ack: Option<SeqNumber>,
    /// Right edge of the window it has offered.
    pub(crate) edge: Option<SeqNumber>,
    pub(crate) timestamp: Option<u32>,
    /// Repeats of what its peer waits for.
    pub(crate) repeats: Option<Repeats>,
}

/// What has come to an end.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) numbers: Ranges,
    pub(crate) offer: Offer,
    /// The highest acknowledgment.
    pub(crate) ack: Option<SeqNumber>,
    /// The rightmost edge of all windows offered.
    pub(crate) edge: Option<SeqNumber>,
    pub(crate) timestamps: BTreeSet<u32>,
}

/// What an end has offered on its SYNs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) mss: Option<u16>,
    pub(crate) scale: Option<WindowScale>,
    pub(crate) timestamps: bool,
    pub(crate) sack: bool,
}

impl View {
    pub(crate) fn iss(&self) -> Option<SeqNumber> {
        self.shown.as_ref().map(|shown| shown.iss)
    }

    /// Whether both ends have offered a thing.
    pub(crate) fn agreed(&self, offers: impl Fn(&Offer) -> bool) -> bool {
        let shown = self
            .shown
            .as_ref()
            .is_some_and(|shown| offers(&shown.offer));
        shown && self.seen.as_ref().is_some_and(|seen| offers(&seen.offer))
    }

    /// Whether an option may stand on a SYN,ACK: the SYN had it, or its own SYN
    /// had, where both are open at once.
    pub(crate) fn was_asked_for(&self, option: &TcpOption) -> bool {
        let has = |offer: &Offer| match option {
            TcpOption::WindowScale(_) => offer.scale.is_some(),
            TcpOption::SackPermitted => offer.sack,
            TcpOption::Timestamps { .. } => offer.timestamps,
            _ => true,
        };
        let offers = [
            self.seen.as_ref().map(|seen| &seen.offer),
            self.shown.as_ref().map(|shown| &shown.offer),
        ];
        offers.into_iter().flatten().any(has)
    }

    /// The scale of the windows it offers.
    pub(crate) fn own_scale(&self, segment: &Segment) -> WindowScale {
        let own = self.shown.as_ref().and_then(|shown| shown.offer.scale);
        self.scale(segment, own)
    }

    /// The scale of a window, if whoever offers it would scale it so.
    fn scale(&self, segment: &Segment, scale: Option<WindowScale>) -> WindowScale {
        let is_scaled =
            !segment.flags.contains(Flags::SYN) && self.agreed(|one| one.scale.is_some());
        scale.filter(|_| is_scaled).unwrap_or(WindowScale::NONE)
    }

    /// Takes note of a segment that the end sends. A RST tells nothing: it has
    /// the numbers of what it answers.
    pub(crate) fn sends(&mut self, at: Instant, segment: &Segment) {
        if segment.flags.contains(Flags::RST) {
            return;
        }
        let scale = self.own_scale(segment);
        let awaited = self.awaited();
        let shown = self.shown.get_or_insert_with(|| Shown::new(segment.seq));
        shown.offer.add(segment);
        shown.next = shown.next.latest(segment.end());
        shown.add_text(segment);
        if segment.flags.contains(Flags::FIN) {
            shown.fin.get_or_insert_with(|| segment.end());
        }
        if let Some(timestamps) = timestamps(segment) {
            shown.timestamp = Some(timestamps.0);
        }
        if segment.flags.contains(Flags::ACK) {
            shown.ack = Some(segment.ack);
            let edge = segment.ack + segment.window.unscale(scale).octets();
            shown.edge = Some(shown.edge.map_or(edge, |known| known.latest(edge)));
        }
        if segment.seq_len() > 0 && awaited.is_none_or(|awaited| awaited == segment.seq) {
            let repeats = shown.repeats.map(|repeats| repeats.and(segment.seq, at));
            shown.repeats = repeats.or_else(|| Some(Repeats::first(segment.seq, at)));
        }
    }

    /// The number that the peer waits for, as far as this end knows.
    pub(crate) fn awaited(&self) -> Option<SeqNumber> {
        let acked = self.seen.as_ref().and_then(|seen| seen.ack);
        acked.or_else(|| self.iss())
    }

    /// Takes note of a segment that comes to the end.
    pub(crate) fn sees(&mut self, segment: &Segment) {
        if let Some(shown) = &mut self.shown {
            shown.repeats = None;
        }
        let is_syn = segment.flags.contains(Flags::SYN);
        if self.seen.is_none() && is_syn {
            self.seen = Some(Seen::new(segment.seq));
        }
        let own = self.seen.as_ref().and_then(|seen| seen.offer.scale);
        let scale = self.scale(segment, own);
        let Some(seen) = &mut self.seen else {
            return;
        };
        seen.offer.add(segment);
        if segment.flags.contains(Flags::RST) {
            return;
        }
        seen.numbers.add(segment.seq, segment.end());
        seen.timestamps
            .extend(timestamps(segment).map(|(value, _)| value));
        if segment.flags.contains(Flags::ACK) {
            let edge = segment.ack + segment.window.unscale(scale).octets();
            seen.ack = Some(seen.ack.map_or(segment.ack, |ack| ack.latest(segment.ack)));
            seen.edge = Some(seen.edge.map_or(edge, |known| known.latest(edge)));
        }
    }
}

impl Shown {
    fn new(iss: SeqNumber) -> Self {
        Self {
            iss,
            next: iss,
            text: Vec::new(),
            fin: None,
            offer: Offer::default(),
            ack: None,
            edge: None,
            timestamp: None,
            repeats: None,
        }
    }

    /// Keeps text that is new, if it leaves no gap.
    fn add_text(&mut self, segment: &Segment) {
        if let Some(at) = self.offset(segment)
            && let Some(new) = segment.payload.get(self.text.len().saturating_sub(at)..)
            && at <= self.text.len()
        {
            self.text.extend_from_slice(new);
        }
    }

    /// Where the text of a segment stands in the stream; `None` if it is before
    /// its beginning, as a keep-alive's may be.
    pub(crate) fn offset(&self, segment: &Segment) -> Option<usize> {
        let start = segment.seq + u32::from(segment.flags.contains(Flags::SYN));
        usize::try_from(start.distance(self.iss + 1)).ok()
    }
}

impl Seen {
    const fn new(irs: SeqNumber) -> Self {
        Self {
            numbers: Ranges::new(irs),
            offer: Offer {
                mss: None,
                scale: None,
                timestamps: false,
                sack: false,
            },
            ack: None,
            edge: None,
            timestamps: BTreeSet::new(),
        }
    }
}

impl Offer {
    /// Adds what a SYN offers. A repeat may offer less; what was once offered
    /// may have been taken.
    fn add(&mut self, segment: &Segment) {
        if !segment.flags.contains(Flags::SYN) {
            return;
        }
        for option in &segment.options {
            match option {
                TcpOption::Mss(mss) => self.mss = Some(*mss),
                TcpOption::WindowScale(shift) => self.scale = Some(WindowScale::new(*shift)),
                TcpOption::SackPermitted => self.sack = true,
                TcpOption::Timestamps { .. } => self.timestamps = true,
                TcpOption::EndOfList
                | TcpOption::Nop
                | TcpOption::Sack(_)
                | TcpOption::UserTimeout(_)
                | TcpOption::Unknown { .. }
                | TcpOption::Malformed(_) => {}
            }
        }
    }
}

/// The timestamps of a segment: its own and its echo.
pub(crate) fn timestamps(segment: &Segment) -> Option<(u32, u32)> {
    segment.options.iter().find_map(|option| match option {
        TcpOption::Timestamps { value, echo } => Some((*value, *echo)),
        _ => None,
    })
}
