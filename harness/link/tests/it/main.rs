//! The link from outside: packets in, packets out.

mod faults;
mod laws;

use std::time::Duration;

use tcpspec_link::{Arrival, Link};
use tcpspec_wire::{Flags, Instant, Packet, Segment, SeqNumber, WindowField};

/// A segment of the left end (192.0.2.1) to the right one, with text that
/// counts up from its sequence number.
fn segment(flags: Flags, seq: u32, len: u8) -> Packet {
    let payload: Vec<u8> = (0..len).map(|at| (seq as u8).wrapping_add(at)).collect();
    let segment = Segment {
        src_port: 5000,
        dst_port: 80,
        seq: SeqNumber::new(seq),
        ack: SeqNumber::new(1),
        flags,
        window: WindowField::new(1000),
        urgent: 0,
        options: Vec::new(),
        payload,
    };
    Packet::tcp([192, 0, 2, 1].into(), [192, 0, 2, 2].into(), segment)
}

/// A segment of ten octets of text.
fn text(seq: u32) -> Vec<u8> {
    segment(Flags::ACK, seq, 10).encode()
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// All that comes out, to the end of time.
fn drain(link: &mut Link) -> Vec<Arrival> {
    std::iter::from_fn(|| link.receive(Instant::MAX)).collect()
}
