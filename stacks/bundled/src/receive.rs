//! The receiving direction, from the peer's SYN to its FIN (RFC 9293 sections
//! 3.4, 3.8.6, 3.10.7.4): the RCV variables, reassembly and the window.

use std::collections::VecDeque;
use std::ops::Range;

use tcpspec_wire::{SeqNumber, WindowScale, WindowSize};

use crate::assembler::Assembler;
use crate::limits::MAX_WINDOW;
use crate::scoreboard::Block;

/// What the arrival of text or FIN did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intake {
    /// Nothing new in it.
    Nothing,
    /// RCV.NXT advanced, and nothing waits beyond a gap.
    InOrder,
    /// There was, or still is, a gap: the peer wants to know at once.
    Gap,
}

/// The receiving direction until the peer's FIN is taken.
#[derive(Clone, Debug)]
pub(crate) struct Receiver {
    /// RCV.NXT.
    nxt: SeqNumber,
    /// RCV.NXT + RCV.WND as the peer was told; never moves to the left.
    edge: SeqNumber,
    /// RCV.UP, where the peer has announced one.
    urgent: Option<SeqNumber>,
    /// Octets that the user has not read: first those in order, then, each at
    /// its place, those that came early.
    unread: VecDeque<u8>,
    /// How many of them are in order.
    ready: usize,
    /// Octets taken in order since the SYN: the offset of RCV.NXT.
    taken: u64,
    /// Which of those that came early are there.
    assembler: Assembler,
    /// Where text beyond a gap came in, the latest first: one number in each
    /// block that SACK reports.
    recent: Vec<u64>,
    /// The longest text of a segment so far: what the peer calls full-sized.
    longest: u32,
    capacity: u32,
    /// The widest window that can be announced.
    max_window: u32,
    /// The least by which the right edge moves (RFC 9293 section 3.8.6.2.2).
    step: u32,
}

/// The receiving direction after the peer's FIN.
#[derive(Clone, Debug)]
pub(crate) struct ReceiveEnd {
    /// RCV.NXT: the number after the FIN.
    nxt: SeqNumber,
    edge: SeqNumber,
    pub(crate) unread: VecDeque<u8>,
}

/// RCV.NXT and RCV.WND.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReceiveSpace {
    pub(crate) nxt: SeqNumber,
    pub(crate) wnd: WindowSize,
}

impl ReceiveSpace {
    fn new(nxt: SeqNumber, edge: SeqNumber) -> Self {
        let wnd = edge.distance(nxt).max(0).cast_unsigned();
        Self {
            nxt,
            wnd: WindowSize::new(wnd),
        }
    }
}

impl Receiver {
    /// A receiver for the stream behind the SYN numbered `irs`, with a buffer
    /// of this many octets. `mss` is the one that we offer.
    /// The first window goes out on a SYN, so unscaled.
    pub(crate) fn new(irs: SeqNumber, mss: u16, buffer: u32, scale: WindowScale) -> Self {
        let max_window = MAX_WINDOW << scale.shift();
        let capacity = buffer.min(max_window);
        Self {
            nxt: irs + 1,
            edge: irs + 1 + capacity.min(MAX_WINDOW),
            urgent: None,
            unread: VecDeque::new(),
            ready: 0,
            taken: 0,
            assembler: Assembler::default(),
            recent: Vec::new(),
            longest: 1,
            capacity,
            max_window,
            step: u32::from(mss).min(capacity / 2).max(1),
        }
    }

    pub(crate) fn space(&self) -> ReceiveSpace {
        ReceiveSpace::new(self.nxt, self.edge)
    }

    /// Octets that wait for the user.
    pub(crate) fn unread(&self) -> usize {
        self.ready
    }

    /// Takes the part of a segment's text and FIN that lies in the window.
    pub(crate) fn take(&mut self, seq: SeqNumber, octets: &[u8], fin: bool) -> Intake {
        self.longest = self.longest.max(octets.len() as u32);
        let (start, kept) = self.trim(seq, octets);
        // A FIN needs a number in the window too.
        let fin_at = seq + octets.len() as u32;
        let fin = fin && fin_at.at_or_after(self.nxt) && fin_at.before(self.edge);
        let offset = self.offset(start);
        if offset != self.taken || fin || !self.assembler.is_empty() {
            return self.reassemble(offset, kept, fin);
        }
        self.unread.extend(kept);
        self.advance(self.taken + kept.len() as u64);
        match kept.is_empty() {
            true => Intake::Nothing,
            false => Intake::InOrder,
        }
    }

    /// The same with gaps before it, or behind it, or an end.
    fn reassemble(&mut self, offset: u64, octets: &[u8], fin: bool) -> Intake {
        let had_gap = !self.assembler.is_empty();
        let before = self.taken;
        let (first, unread) = (self.taken - self.ready as u64, &mut self.unread);
        self.assembler.insert(offset, octets, |offset, octets| {
            write(unread, (offset - first) as usize, octets);
        });
        if fin {
            self.assembler.insert_end(offset + octets.len() as u64);
        }
        self.note_recent(offset);
        while let Some(end) = self.assembler.take(self.taken) {
            self.advance(end);
        }
        let taken = self.taken;
        self.recent.retain(|offset| *offset >= taken);
        if self.taken == before && octets.is_empty() && !fin {
            Intake::Nothing
        } else if had_gap || !self.assembler.is_empty() && !self.fin_is_next() {
            Intake::Gap
        } else {
            Intake::InOrder
        }
    }

    /// The block around `offset` is the latest to report.
    fn note_recent(&mut self, offset: u64) {
        if let Some((start, end)) = self.assembler.run(offset) {
            self.recent.retain(|other| !(start..end).contains(other));
            self.recent.insert(0, offset);
        }
    }

    /// The blocks that wait beyond a gap, the latest first (RFC 2018 section 4).
    pub(crate) fn held(&self) -> Vec<Block> {
        if self.recent.is_empty() {
            return Vec::new();
        }
        let runs = self
            .recent
            .iter()
            .filter_map(|offset| self.assembler.run(*offset));
        runs.map(|(start, end)| (self.number(start), self.number(end)))
            .collect()
    }

    /// What of a segment's text is there already: the first such piece (RFC
    /// 2883 section 4).
    pub(crate) fn duplicate(&self, seq: SeqNumber, len: u32) -> Option<Block> {
        let end = seq + len;
        if seq.before(self.nxt) {
            let right = if end.before(self.nxt) { end } else { self.nxt };
            return Some((seq, right));
        }
        if self.assembler.is_empty() {
            return None;
        }
        let offset = self.offset(seq);
        let (start, end) = self.assembler.overlap(offset, offset + u64::from(len))?;
        Some((self.number(start), self.number(end)))
    }

    /// The sequence number of an offset at or behind RCV.NXT.
    fn number(&self, offset: u64) -> SeqNumber {
        // No block lies further ahead than the widest window.
        self.nxt + offset.saturating_sub(self.taken) as u32
    }

    /// Octets of text in what the peer calls a full-sized segment.
    pub(crate) fn full_sized(&self) -> i32 {
        self.longest.cast_signed()
    }

    /// The octets of a segment's text that lie in the window, and the number
    /// of the first of them.
    fn trim<'a>(&self, seq: SeqNumber, octets: &'a [u8]) -> (SeqNumber, &'a [u8]) {
        let skip = (self.nxt.distance(seq).max(0) as usize).min(octets.len());
        let start = seq + skip as u32;
        let room = self.edge.distance(start).max(0) as usize;
        let new = &octets[skip..];
        (start, &new[..room.min(new.len())])
    }

    /// The offset in the stream of a number at or behind RCV.NXT.
    fn offset(&self, number: SeqNumber) -> u64 {
        self.taken + u64::from(number.distance(self.nxt).max(0).cast_unsigned())
    }

    /// Changes the size of the buffer. What the peer was promised stays so.
    pub(crate) fn set_capacity(&mut self, octets: u32) {
        self.capacity = octets.min(self.max_window);
        self.step = self.step.min(self.capacity / 2).max(1);
    }

    /// Everything up to this offset is in order.
    fn advance(&mut self, end: u64) {
        // Less than the window.
        let octets = (end - self.taken) as u32;
        self.taken = end;
        self.nxt += octets;
        self.ready += octets as usize;
    }

    /// Whether the next number in order is the peer's FIN.
    pub(crate) fn fin_is_next(&self) -> bool {
        self.assembler.ends_at(self.taken)
    }

    /// Hands octets to the user.
    pub(crate) fn read(&mut self, octets: &mut [u8]) -> usize {
        let len = octets.len().min(self.ready);
        read(&mut self.unread, &mut octets[..len]);
        self.ready -= len;
        // A pointer that was reached would seem to lie ahead again one day.
        if self.urgent_ahead() == 0 {
            self.urgent = None;
        }
        len
    }

    /// Throws away what nobody will read.
    pub(crate) fn discard(&mut self) {
        self.unread.drain(..self.ready);
        self.ready = 0;
    }

    /// Moves the right edge as far as the buffer allows, in steps that are not
    /// silly. True if the peer should be told without waiting for a segment to
    /// ride on: its window was, or was nearly, shut.
    pub(crate) fn open_window(&mut self) -> bool {
        let free = self.capacity.saturating_sub(self.ready as u32);
        let edge = self.nxt + free;
        let gain = edge.distance(self.edge).max(0).cast_unsigned();
        if gain < self.step {
            return false;
        }
        let was = self.space().wnd.octets();
        self.edge = edge;
        was < self.step || gain >= self.capacity / 2
    }

    /// Takes an urgent pointer (the number after the last urgent octet).
    pub(crate) fn take_urgent(&mut self, pointer: SeqNumber) {
        self.urgent = Some(self.urgent.map_or(pointer, |up| up.latest(pointer)));
    }

    /// Octets from the next one to read up to the urgent pointer.
    pub(crate) fn urgent_ahead(&self) -> u32 {
        let next = self.nxt - self.ready as u32;
        self.urgent
            .map_or(0, |up| up.distance(next).max(0).cast_unsigned())
    }

    /// Takes the FIN; nothing can come behind it.
    pub(crate) fn end(mut self) -> ReceiveEnd {
        self.unread.truncate(self.ready);
        ReceiveEnd {
            nxt: self.nxt + 1,
            edge: self.edge,
            unread: self.unread,
        }
    }
}

impl ReceiveEnd {
    pub(crate) fn space(&self) -> ReceiveSpace {
        ReceiveSpace::new(self.nxt, self.edge)
    }

    /// Hands octets to the user.
    pub(crate) fn read(&mut self, octets: &mut [u8]) -> usize {
        read(&mut self.unread, octets)
    }
}

/// Moves octets from the front of a queue, as many as there are and fit. Says
/// how many.
pub(crate) fn read(unread: &mut VecDeque<u8>, octets: &mut [u8]) -> usize {
    let len = octets.len().min(unread.len());
    let [front, back] = slices(unread, 0..len);
    octets[..front.len()].copy_from_slice(front);
    octets[front.len()..len].copy_from_slice(back);
    unread.drain(..len);
    len
}

/// Writes octets into a queue from a place on, which may lie behind its end.
fn write(queue: &mut VecDeque<u8>, at: usize, octets: &[u8]) {
    if queue.len() <= at {
        queue.resize(at, 0);
        queue.extend(octets);
        return;
    }
    // A gap is never wider than what came early behind it allows.
    queue.resize(queue.len().max(at + octets.len()), 0);
    let (front, back) = queue.as_mut_slices();
    let split = front.len();
    let (left, right) = octets.split_at(split.saturating_sub(at).min(octets.len()));
    front[at.min(split)..][..left.len()].copy_from_slice(left);
    back[at.max(split) - split..][..right.len()].copy_from_slice(right);
}

/// Octets of a queue by the slice: octet by octet takes ten times as long.
pub(crate) fn slices(queue: &VecDeque<u8>, range: Range<usize>) -> [&[u8]; 2] {
    let (front, back) = queue.as_slices();
    let split = front.len();
    let Range { start, end } = range;
    [
        &front[start.min(split)..end.min(split)],
        &back[start.max(split) - split..end.max(split) - split],
    ]
}
