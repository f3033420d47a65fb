//! The options of one connection (RFC 7323, RFC 2018, RFC 3168): until the peer's
//! SYN is seen, what ours offers; from then on, what both SYNs have.

use tcpspec_wire::{
    Flags, Instant, OptionBuffer, SegmentDraft, SegmentRef, TcpOption, WindowScale,
};

use crate::config::Config;
use crate::ecn::Ecn;
use crate::limits::{MAX_OPTIONS, MAX_WINDOW};
use crate::scoreboard::Block;
use crate::timestamps::Timestamps;
use crate::user_timeout::UserTimeout;

/// Octets of SACK's kind and length with the two that pad them.
const SACK_HEAD: usize = 4;
/// Octets of a SACK block.
const SACK_BLOCK: usize = 8;

/// Options beyond the MSS.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    scale: Option<Scale>,
    pub(crate) timestamps: Option<Timestamps>,
    pub(crate) sack: Option<Sack>,
    /// No option, but agreed on in the same way.
    pub(crate) ecn: Option<Ecn>,
    /// Not agreed on: each end tells and listens as it likes.
    pub(crate) user_timeout: Option<UserTimeout>,
}

/// Window scale.
#[derive(Clone, Copy, Debug)]
struct Scale {
    /// Of the windows that we send.
    own: WindowScale,
    /// Of the windows that the peer sends.
    peer: WindowScale,
}

/// Selective acknowledgment, as a receiver.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sack {
    /// Whether duplicates are reported too (RFC 2883).
    reports_duplicates: bool,
    /// Text that came twice and was not reported yet.
    duplicate: Option<Block>,
}

impl Options {
    /// What our SYN offers. The shift is as wide as the receive buffer needs.
    pub(crate) fn offer(config: &Config, receive_buffer: u32, timestamp_offset: u32) -> Self {
        let own = (0..14)
            .find(|shift| receive_buffer >> shift <= MAX_WINDOW)
            .map_or(WindowScale::new(14), WindowScale::new);
        Self {
            scale: config.window_scale.then_some(Scale {
                own,
                peer: WindowScale::NONE,
            }),
            timestamps: config.timestamps.then(|| Timestamps::new(timestamp_offset)),
            sack: config.sack.then_some(Sack {
                reports_duplicates: config.duplicate_sack,
                duplicate: None,
            }),
            ecn: config.ecn.then(Ecn::default),
            user_timeout: config
                .user_timeouts
                .enabled
                .then(|| UserTimeout::new(config)),
        }
    }

    /// Strikes what the peer's SYN does not have.
    pub(crate) fn agree(&mut self, now: Instant, syn: &SegmentRef<'_>) {
        let shift = syn.options.window_scale().map(WindowScale::new);
        self.scale = match (self.scale, shift) {
            (Some(Scale { own, .. }), Some(peer)) => Some(Scale { own, peer }),
            _ => None,
        };
        self.timestamps = match (self.timestamps, syn.options.timestamps()) {
            (Some(ours), Some((value, _))) => Some(ours.synchronized(now, value)),
            _ => None,
        };
        self.sack = self.sack.filter(|_| syn.options.permits_sack());
        self.ecn = self.ecn.filter(|_| Ecn::is_in(syn));
    }

    /// The scale of the windows that we send.
    pub(crate) fn own_scale(&self) -> WindowScale {
        self.scale.map_or(WindowScale::NONE, |scale| scale.own)
    }

    /// The scale of the windows that the peer sends.
    pub(crate) fn peer_scale(&self) -> WindowScale {
        self.scale.map_or(WindowScale::NONE, |scale| scale.peer)
    }

    /// Octets that every segment with text loses to options.
    pub(crate) fn overhead(&self) -> u16 {
        match self.timestamps {
            Some(_) => 12,
            None => 0,
        }
    }

    /// The options of our SYN, each on a boundary that spares the padding.
    pub(crate) fn on_syn(&self, now: Instant, mss: u16) -> OptionBuffer {
        let mut options = OptionBuffer::new();
        options.push(&TcpOption::Mss(mss));
        match (self.sack, self.timestamps) {
            // Together they fill three words.
            (Some(_), Some(_)) => options.push(&TcpOption::SackPermitted),
            (Some(_), None) => options.push_aligned(&TcpOption::SackPermitted),
            (None, _) => {}
        }
        if let Some(ours) = self.timestamps {
            // Before the peer's SYN there is nothing to echo.
            let flags = Flags::SYN | Flags::ACK;
            options.push_aligned(&ours.option(now, flags));
        }
        if let Some(scale) = self.scale {
            options.push_aligned(&TcpOption::WindowScale(scale.own.shift()));
        }
        options.extend(self.user_timeout.map(|timeout| timeout.option()));
        options
    }

    /// Puts the options on a segment without SYN. `held` are the blocks that wait
    /// beyond a gap, the most recent first; a RST has no use for them. `room` is
    /// what the text leaves of a full segment.
    pub(crate) fn on_segment(
        &mut self,
        now: Instant,
        segment: &mut SegmentDraft<'_>,
        held: &[Block],
        room: u32,
    ) {
        let (flags, options) = (segment.flags, &mut segment.options);
        if let Some(timestamps) = self.timestamps {
            options.push_aligned(&timestamps.option(now, flags));
        }
        if flags.contains(Flags::RST) {
            return;
        }
        let blocks = self.blocks(held);
        if let Some(timeout) = &mut self.user_timeout
            && timeout.is_due()
            && room >= sack_len(&blocks) + timeout.option().wire_len() as u32
        {
            options.push(&timeout.option());
            timeout.was_sent();
        }
        if let Some(sack) = &mut self.sack
            && !blocks.is_empty()
        {
            sack.duplicate = None;
            options.push_aligned(&TcpOption::Sack(blocks));
        }
    }

    /// Octets of the options that not all segments have, on the next one.
    pub(crate) fn extra_len(&self, held: &[Block]) -> u32 {
        sack_len(&self.blocks(held)) + self.user_timeout_len() as u32
    }

    fn user_timeout_len(&self) -> usize {
        let due = self.user_timeout.filter(UserTimeout::is_due);
        due.map_or(0, |timeout| timeout.option().wire_len())
    }

    /// The blocks of the next SACK option: a duplicate, then as many of those
    /// held as there is room for.
    fn blocks(&self, held: &[Block]) -> Vec<Block> {
        let Some(sack) = self.sack else {
            return Vec::new();
        };
        // As nearly always.
        if held.is_empty() && sack.duplicate.is_none() {
            return Vec::new();
        }
        let others = usize::from(self.overhead()) + self.user_timeout_len();
        let room = MAX_OPTIONS - others - SACK_HEAD;
        let blocks = sack.duplicate.iter().chain(held).copied();
        blocks.take(room / SACK_BLOCK).collect()
    }
}

impl Sack {
    /// Text has come a second time. The first such before the next ACK counts.
    pub(crate) fn note_duplicate(&mut self, block: Option<Block>) {
        if self.reports_duplicates && self.duplicate.is_none() {
            self.duplicate = block;
        }
    }
}

/// Octets of a SACK option with these blocks.
fn sack_len(blocks: &[Block]) -> u32 {
    match blocks.len() {
        0 => 0,
        count => (SACK_HEAD + SACK_BLOCK * count) as u32,
    }
}
