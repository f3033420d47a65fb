//! Every bound of the stack that is no setting, with its reason.
//!
//! # Memory
//!
//! A connection takes at most
//!
//! * a fixed part, its structures (a kibibyte at most, which a test holds them
//!   to) and their entries in the host's maps: less than two kibibytes;
//! * its buffers, which grow as they fill: twice [`Config::send_buffer`] and
//!   twice [`Config::receive_buffer`] (they double when they grow);
//! * what waits beyond gaps: it lies in the receive buffer already, and each of
//!   up to [`MAX_PIECES`] takes some 20 octets more.
//!
//! [`Config::send_buffer`]: crate::Config::send_buffer
//! [`Config::receive_buffer`]: crate::Config::receive_buffer
//!
//! Connections are bounded in number while nobody has accepted them (the
//! backlog) and in TIME-WAIT ([`TimeWaitPolicy::max`](crate::TimeWaitPolicy)).
//! The others belong to the application, which opened or accepted them. What
//! waits to be polled out of a host is the caller's to drain after each call.

use std::time::Duration;

/// Separate pieces kept beyond a gap. A peer can make each piece one octet
/// long; without a bound every second octet of the window would have an entry.
pub(crate) const MAX_PIECES: usize = 256;

/// Duplicate ACKs, or blocks beyond a gap, that make a loss (RFC 5681 section
/// 3.2, RFC 6675 section 2).
pub(crate) const DUP_THRESH: u32 = 3;

/// Shortest time a timer can be set for, whatever the settings say: a timer
/// that is due at once would fire for ever in one instant.
pub(crate) const MIN_TIMER: Duration = Duration::from_millis(1);

/// Octets of options that fit a header.
pub(crate) const MAX_OPTIONS: usize = 40;

/// How long TS.Recent holds on an idle connection: 24 days, after which a clock
/// of one tick per millisecond may have gone round by half (RFC 7323 section
/// 5.5).
pub(crate) const TIMESTAMP_LIFE: Duration = Duration::from_secs(24 * 86_400);

/// The longest that an ACK may be delayed (RFC 9293 MUST-40).
pub(crate) const MAX_ACK_DELAY: Duration = Duration::from_millis(499);

/// The widest window that the field can announce without scaling.
pub(crate) const MAX_WINDOW: u32 = u16::MAX as u32;

/// The MSS to assume when the peer names none (RFC 9293 section 3.7.1).
pub(crate) const DEFAULT_MSS_V4: u16 = 536;
/// The same for IPv6.
pub(crate) const DEFAULT_MSS_V6: u16 = 1220;

/// Octets of IP and TCP header, without options, for IPv4.
pub(crate) const HEADERS_V4: u16 = 40;
/// The same for IPv6.
pub(crate) const HEADERS_V6: u16 = 60;

/// The narrowest path that ICMP can make us believe in. IPv4 allows for 68
/// octets, but no link is as narrow as this: what claims so is an attack, or a
/// link behind which fragments do less harm than segments of 28 octets.
pub(crate) const MIN_PATH_MTU_V4: u16 = 552;
/// The same for IPv6, which has no narrower links (RFC 8200 section 5).
pub(crate) const MIN_PATH_MTU_V6: u16 = 1280;

/// How long a path MTU that was lowered holds at least: asking more often for
/// more would be a burden (RFC 8201 section 4).
pub(crate) const MIN_PATH_MTU_LIFE: Duration = Duration::from_secs(300);

/// The field of six bits at its largest (RFC 2474).
pub(crate) const MAX_DSCP: u8 = 63;

/// First port handed out when the application leaves the choice (RFC 6335).
pub(crate) const FIRST_EPHEMERAL_PORT: u16 = 49_152;

#[cfg(test)]
mod tests {
    use crate::connection::Connection;
    use crate::receive::Receiver;
    use crate::send::Sender;

    #[test]
    fn structures_of_a_connection_are_small() {
        let octets = size_of::<Connection>() + size_of::<Sender>() + size_of::<Receiver>();
        assert!(octets <= 1024, "{octets}");
    }
}
