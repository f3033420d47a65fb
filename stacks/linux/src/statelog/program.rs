//! The programs that the kernel runs at each change of a socket's state, and
//! where it drops a packet or resets a connection, and the record that each of
//! them leaves: when, of what, the new state or the reason, and the part of
//! the socket that says whose it is.
//!
//! They are written in BPF instructions directly: some thirty each, which need
//! neither a compiler nor a library. Offsets into the kernel's `struct
//! sock_common` are those of every 64-bit kernel that has the tracepoints; that
//! they hold on the one that runs is tried out before a record is believed.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

/// Octets of a record.
pub(crate) const RECORD: usize = 24 + COMMON as usize;

/// What a record tells of, with the kernel's number of what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// A socket entered this state.
    Change(u8),
    /// A packet was dropped for this reason.
    Drop(u32),
    /// A RST was sent for this reason.
    Reset(u32),
}

/// What a program has written about one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record<'a>(pub(crate) &'a [u8; RECORD]);

impl Record<'_> {
    /// When, on the kernel's monotonic clock.
    pub(crate) fn at(&self) -> Duration {
        Duration::from_nanos(self.word(0))
    }

    /// Which socket: its address in the kernel, its own while it lives.
    pub(crate) fn socket(&self) -> u64 {
        self.word(8)
    }

    /// What it tells of; `None` for what no program here writes.
    pub(crate) fn about(&self) -> Option<About> {
        let number = u32::from_ne_bytes([self.0[16], self.0[17], self.0[18], self.0[19]]);
        match self.0[20] {
            CHANGE => Some(About::Change(number as u8)),
            DROP => Some(About::Drop(number)),
            RESET => Some(About::Reset(number)),
            _ => None,
        }
    }

    /// Which network namespace: its address in the kernel.
    pub(crate) fn namespace(&self) -> u64 {
        self.word(HEAD + NET as usize)
    }

    /// The number that `SO_COOKIE` tells, if anybody asked for it.
    pub(crate) fn cookie(&self) -> u64 {
        self.word(HEAD + 88)
    }

    /// The socket's own port; zero if it has given it back.
    pub(crate) fn local_port(&self) -> u16 {
        u16::from_ne_bytes([self.0[HEAD + 14], self.0[HEAD + 15]])
    }

    /// The port at the other side; zero if there is none.
    pub(crate) fn remote_port(&self) -> u16 {
        u16::from_be_bytes([self.0[HEAD + 12], self.0[HEAD + 13]])
    }

    /// The address at the other side begins with these octets: of IPv4 if they
    /// are 4, of IPv6 if they are 16.
    pub(crate) fn is_to(&self, address: &[u8]) -> bool {
        let at = if address.len() == 4 { 0 } else { 56 };
        self.0[HEAD + at..].starts_with(address)
    }

    fn word(&self, at: usize) -> u64 {
        let octets = self.0[at..].first_chunk();
        octets.map_or(0, |octets| u64::from_ne_bytes(*octets))
    }
}

/// The program for changes of state. It writes to `ring` what happens in the
/// namespaces whose addresses are keys of `told`, or everywhere while
/// [`EVERYWHERE`] is one.
pub(crate) fn changes(told: BorrowedFd<'_>, ring: BorrowedFd<'_>) -> Vec<u64> {
    let mut code = vec![
        // R6, R7: the tracepoint's arguments, the first of them, the socket.
        mov(R6, R1),
        load(R7, R6, 0),
        call(KTIME_GET_NS),
        store(START, R0),
        store(START + 8, R7),
        load(R1, R6, 16),
        store(START + 16, R1),
        store_number(START + 20, CHANGE),
        mov(R1, FP),
        add(R1, START + HEAD as i16),
        set(R2, COMMON),
        mov(R3, R7),
        call(PROBE_READ_KERNEL),
    ];
    code.push(jump_if_not_zero(R0, 21)); // to the end
    // Is its namespace asked for?
    code.extend(map(R1, told));
    code.extend([
        mov(R2, FP),
        add(R2, START + (HEAD as i16) + NET),
        call(MAP_LOOKUP),
        jump_if_not_zero(R0, 8), // to where it is put out
        set(R1, EVERYWHERE as i32),
        store(KEY, R1),
    ]);
    code.extend(map(R1, told));
    code.extend([
        mov(R2, FP),
        add(R2, KEY),
        call(MAP_LOOKUP),
        jump_if_zero(R0, 7), // to the end
    ]);
    code.extend(put_out(ring));
    code
}

/// Where the arguments of a tracepoint with a reason stand, in octets, and what
/// kind of record becomes of it. The reason itself is the third one everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reasoned {
    kind: u8,
    socket: i16,
    packet: i16,
}

/// `skb:kfree_skb`: packet, place, reason, receiving socket.
pub(crate) const DROPS: Reasoned = Reasoned {
    kind: DROP,
    socket: 24,
    packet: 0,
};
/// `tcp:tcp_send_reset`: socket, packet that is answered, reason.
pub(crate) const RESETS: Reasoned = Reasoned {
    kind: RESET,
    socket: 0,
    packet: 8,
};

/// Where a packet's device, and a device's namespace, are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offsets {
    pub(crate) device: i16,
    pub(crate) namespace: i16,
}

/// A program for reasons. It writes to `ring` what happens in the namespaces
/// whose addresses are keys of `told`. Whose it is is known by the socket, or,
/// where there is none, by the device that the packet came through.
pub(crate) fn reasons(
    at: Reasoned,
    offsets: Offsets,
    told: BorrowedFd<'_>,
    ring: BorrowedFd<'_>,
) -> Vec<u64> {
    let mut code = vec![
        mov(R6, R1),
        call(KTIME_GET_NS),
        store(START, R0),
        load(R1, R6, at.packet),
        store(START + 8, R1),
        load(R1, R6, 16),
        store(START + 16, R1),
        store_number(START + 20, at.kind),
        mov(R1, FP),
        add(R1, START + HEAD as i16),
        set(R2, COMMON),
        load(R3, R6, at.socket),
        call(PROBE_READ_KERNEL), // all zero if there is no socket
        jump_if_zero(R0, 14),    // to the look-up
        mov(R1, FP),
        add(R1, KEY),
        set(R2, 8),
        load(R3, R6, at.packet),
        add(R3, offsets.device),
        call(PROBE_READ_KERNEL),
        jump_if_not_zero(R0, 20), // to the end
        mov(R1, FP),
        add(R1, START + HEAD as i16 + NET),
        set(R2, 8),
        load(R3, FP, KEY),
        add(R3, offsets.namespace),
        call(PROBE_READ_KERNEL),
        jump_if_not_zero(R0, 13), // to the end
    ];
    code.extend(map(R1, told));
    code.extend([
        mov(R2, FP),
        add(R2, START + (HEAD as i16) + NET),
        call(MAP_LOOKUP),
        jump_if_zero(R0, 7), // to the end
    ]);
    code.extend(put_out(ring));
    code
}

/// Writes the record to the ring, and ends.
fn put_out(ring: BorrowedFd<'_>) -> Vec<u64> {
    let mut code = map(R1, ring).to_vec();
    code.extend([
        mov(R2, FP),
        add(R2, START),
        set(R3, RECORD as i32),
        set(R4, NO_WAKEUP),
        call(RINGBUF_OUTPUT),
        set(R0, 0),
        EXIT,
    ]);
    code
}

/// The key that stands for all namespaces; no namespace is at this address.
pub(crate) const EVERYWHERE: u64 = 0;

const fn instruction(code: u8, to: u8, from: u8, offset: i16, value: i32) -> u64 {
    code as u64
        | (to as u64) << 8
        | (from as u64) << 12
        | (offset as u16 as u64) << 16
        | (value as u32 as u64) << 32
}

const fn mov(to: u8, from: u8) -> u64 {
    instruction(0xbf, to, from, 0, 0)
}

const fn set(to: u8, value: i32) -> u64 {
    instruction(0xb7, to, 0, 0, value)
}

const fn add(to: u8, value: i16) -> u64 {
    instruction(0x07, to, 0, 0, value as i32)
}

/// Loads 8 octets.
const fn load(to: u8, from: u8, offset: i16) -> u64 {
    instruction(0x79, to, from, offset, 0)
}

/// Stores 8 octets on the stack.
const fn store(offset: i16, from: u8) -> u64 {
    instruction(0x7b, FP, from, offset, 0)
}

/// Stores a number in 4 octets on the stack.
const fn store_number(offset: i16, number: u8) -> u64 {
    instruction(0x62, FP, 0, offset, number as i32)
}

const fn call(helper: i32) -> u64 {
    instruction(0x85, 0, 0, 0, helper)
}

/// Skips `count` instructions.
const fn jump_if_zero(what: u8, count: i16) -> u64 {
    instruction(0x15, what, 0, count, 0)
}

/// Skips `count` instructions.
const fn jump_if_not_zero(what: u8, count: i16) -> u64 {
    instruction(0x55, what, 0, count, 0)
}

/// Names a map: an instruction of double length.
fn map(to: u8, fd: BorrowedFd<'_>) -> [u64; 2] {
    [instruction(0x18, to, MAP_FD, 0, fd.as_raw_fd()), 0]
}

const EXIT: u64 = instruction(0x95, 0, 0, 0, 0);
const MAP_FD: u8 = 1;
const R0: u8 = 0;
const R1: u8 = 1;
const R2: u8 = 2;
const R3: u8 = 3;
const R4: u8 = 4;
const R6: u8 = 6;
const R7: u8 = 7;
const FP: u8 = 10;

/// Kinds of records.
const CHANGE: u8 = 0;
const DROP: u8 = 1;
const RESET: u8 = 2;

const MAP_LOOKUP: i32 = 1;
const KTIME_GET_NS: i32 = 5;
const PROBE_READ_KERNEL: i32 = 113;
const RINGBUF_OUTPUT: i32 = 130;
const NO_WAKEUP: i32 = 1;

/// Octets of a record before the copy of `struct sock_common`, of which so
/// many are copied, the namespace's address among them.
const HEAD: usize = 24;
const COMMON: i32 = 96;
const NET: i16 = 48;
/// Where on its stack the program keeps the record and, below, a key.
const START: i16 = -(RECORD as i16);
const KEY: i16 = START - 8;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// A record whose octets are their own places, so that each field tells
    /// from where it was read.
    #[test]
    fn fields_are_read_from_their_places() {
        let octets: [u8; RECORD] = std::array::from_fn(|place| place as u8);
        let record = Record(&octets);
        let word = |at: u8| u64::from_le_bytes(std::array::from_fn(|place| at + place as u8));
        assert_eq!(record.at(), Duration::from_nanos(word(0)));
        assert_eq!(record.socket(), word(8));
        assert_eq!(record.about(), None, "no such kind");
        assert_eq!(record.remote_port(), u16::from_be_bytes([36, 37]));
        assert_eq!(record.local_port(), u16::from_le_bytes([38, 39]));
        assert_eq!(record.namespace(), word(72));
        assert_eq!(record.cookie(), word(112));
    }

    #[rstest]
    #[case::change(CHANGE, About::Change(4))]
    #[case::drop(DROP, About::Drop(0x0101_0104))]
    #[case::reset(RESET, About::Reset(0x0101_0104))]
    fn the_kind_says_what_the_number_is(#[case] kind: u8, #[case] expected: About) {
        let mut octets = [0; RECORD];
        octets[16..21].copy_from_slice(&[4, 1, 1, 1, kind]);
        assert_eq!(Record(&octets).about(), Some(expected));
    }

    #[rstest]
    #[case::v4(&[24, 25, 26, 27], true)]
    #[case::v4_of_another(&[24, 25, 26, 28], false)]
    #[case::v6(&[80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95], true)]
    #[case::v6_of_another(&[80; 16], false)]
    fn the_other_side_is_known_by_its_address(#[case] address: &[u8], #[case] expected: bool) {
        let octets: [u8; RECORD] = std::array::from_fn(|place| place as u8);
        assert_eq!(Record(&octets).is_to(address), expected);
    }
}
