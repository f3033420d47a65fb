//! A witness beside a connection of two live TCPs.
//!
//! It is shown every packet twice: when an end sends it, and when it arrives at
//! the other end, if it does. So it knows what each end can know, and judges
//! every segment by that alone ([`Law`]): an end must not acknowledge what never
//! came to it, send beyond a window it was offered, leave a gap, say something
//! else under the same number, or reset out of nowhere.
//!
//! The witness is passive and sans-IO. Where an end has a choice, it takes the
//! widest reading: what it finds is wrong whatever the end meant. Left out:
//! what must be sent and is not (whoever drives the connection sees that it does
//! not end), and congestion control.

pub mod law;

mod judge;
mod repeats;
mod view;

use tcpspec_wire::text::{Base, SegmentText};
use tcpspec_wire::{Body, Instant, Packet, Segment};

pub use law::Law;
use view::View;

/// Something that was wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// When the segment was sent.
    pub at: Instant,
    /// Which end sent it: 0 or 1.
    pub end: usize,
    /// What it breaks.
    pub law: Law,
    /// The segment in one line, its numbers counted from each side's SYN.
    pub segment: String,
    /// What about it is wrong.
    pub why: String,
    /// How often this end broke this law; the rest tells of the first time.
    pub times: u32,
}

/// A witness of one connection, who has seen nothing by default.
#[derive(Clone, Debug, Default)]
pub struct Witness {
    views: [View; 2],
    findings: Vec<Finding>,
}

impl Witness {
    /// An end (0 or 1) sends a packet. Judges it.
    pub fn sent(&mut self, end: usize, at: Instant, octets: &[u8]) {
        let decoded = match Packet::decode(octets) {
            Ok(decoded) => decoded,
            Err(error) => return self.find(end, at, Law::Form, None, error.to_string()),
        };
        if let Some(defect) = decoded.defects.first() {
            return self.find(end, at, Law::Form, None, defect.to_string());
        }
        // Fragments and ICMP are the business of IP.
        let Body::Tcp(segment) = decoded.packet.body else {
            return;
        };
        let is_v4 = decoded.packet.ip.is_v4();
        for (law, why) in judge::segment(&self.views[end], at, &segment, is_v4) {
            self.find(end, at, law, Some(&segment), why);
        }
        self.views[end].sends(at, &segment);
    }

    /// A packet of the other end arrives at an end (0 or 1).
    pub fn arrived(&mut self, end: usize, octets: &[u8]) {
        let Ok(decoded) = Packet::decode(octets) else {
            return;
        };
        // What is defective was not seen by the TCP.
        if let (Body::Tcp(segment), []) = (decoded.packet.body, decoded.defects.as_slice()) {
            self.views[end].sees(&segment);
        }
    }

    /// The connection of an end is no more: what comes now may draw a RST.
    pub const fn closed(&mut self, end: usize) {
        self.views[end].is_closed = true;
    }

    /// The application of an end has aborted, or let go of what it had not read:
    /// a RST is what its peer must expect.
    pub const fn aborted(&mut self, end: usize) {
        self.views[end].may_reset = true;
    }

    /// What was wrong, the first of each law and end, in order.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    fn find(&mut self, end: usize, at: Instant, law: Law, segment: Option<&Segment>, why: String) {
        let mut known = self.findings.iter_mut();
        if let Some(finding) = known.find(|one| (one.end, one.law) == (end, law)) {
            finding.times += 1;
            return;
        }
        let segment = segment.map_or_else(String::new, |segment| self.text(end, segment));
        self.findings.push(Finding {
            at,
            end,
            law,
            segment,
            why,
            times: 1,
        });
    }

    fn text(&self, end: usize, segment: &Segment) -> String {
        let [own, other] = [end, 1 - end].map(|end| self.views[end].iss().map(Base::new));
        let own = own.or_else(|| Some(Base::new(segment.seq)));
        SegmentText::new(segment, own, other).to_string()
    }
}
