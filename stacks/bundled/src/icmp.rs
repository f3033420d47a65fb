//! ICMP errors about a connection (RFC 9293 section 3.9.2.2, MUST-54 to
//! MUST-56), with the precautions of RFC 5927: anybody can send one.

use std::time::Duration;

use tcpspec_wire::icmp::{IcmpError, Report};
use tcpspec_wire::{Instant, SeqNumber, State};

use crate::connection::{Connection, Context, headers};
use crate::error::End;
use crate::error_report::Reason;
use crate::phase::Event;

/// What is done about ICMP errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IcmpPolicy {
    /// Believe an error only if it quotes a number that is in flight (RFC 5927
    /// section 4.1).
    pub checks_sequence: bool,
    /// What a hard error does.
    pub hard_errors: HardErrors,
    /// Whether the path MTU is discovered. If not, routers may fragment what
    /// we send.
    pub path_mtu: bool,
    /// How long a path MTU that was lowered holds before more is tried again
    /// (RFC 1191, RFC 8201: five minutes or more).
    pub path_mtu_life: Duration,
}

impl Default for IcmpPolicy {
    fn default() -> Self {
        Self {
            checks_sequence: true,
            hard_errors: HardErrors::Abort,
            path_mtu: true,
            path_mtu_life: Duration::from_secs(600),
        }
    }
}

/// What a hard error - protocol or port unreachable - does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HardErrors {
    /// It ends the connection (RFC 9293 SHLD-26).
    Abort,
    /// It ends a connection that is being opened; on others it is a soft error
    /// (RFC 5927 section 5.2), as in most stacks.
    AbortOpening,
}

/// What kind of trouble an error tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// No trouble: Source Quench (MUST-55, RFC 6633).
    Ignored,
    /// May pass.
    Soft,
    /// Will not pass.
    Hard,
    /// The packet does not fit; this would, if it is not 0.
    TooBig(u32),
}

/// An ICMP error arrives that quotes the segment at `seq` of this connection.
pub(crate) fn error_arrives(
    connection: &mut Connection,
    cx: &mut Context<'_>,
    error: &IcmpError,
    seq: SeqNumber,
) {
    if cx.config.icmp.checks_sequence && !is_in_flight(connection, seq) {
        return;
    }
    match classify(error) {
        Trouble::Ignored => {}
        Trouble::Hard if is_fatal(connection, cx) => abort(connection, cx),
        Trouble::TooBig(mtu) if cx.config.icmp.path_mtu => {
            too_big(connection, cx, seq, quoted_len(error), mtu);
        }
        Trouble::Soft | Trouble::Hard | Trouble::TooBig(_) => {
            let (v6, kind, code) = (error.v6, error.kind, error.code);
            connection.report(cx, Reason::Icmp { v6, kind, code });
        }
    }
}

/// SND.UNA =< SEQ < SND.NXT.
fn is_in_flight(connection: &Connection, seq: SeqNumber) -> bool {
    let space = connection.phase.send_space();
    space.is_some_and(|snd| seq.at_or_after(snd.una) && seq.before(snd.nxt))
}

fn classify(error: &IcmpError) -> Trouble {
    match error.report() {
        Some(Report::PacketTooBig { mtu }) => Trouble::TooBig(mtu),
        Some(Report::ProtocolUnreachable | Report::PortUnreachable) => Trouble::Hard,
        Some(
            Report::NetUnreachable
            | Report::HostUnreachable
            | Report::AdminProhibited
            | Report::SourceRouteFailed
            | Report::TimeExceeded
            | Report::ReassemblyTimeExceeded
            | Report::ParameterProblem { .. },
        )
        | None => Trouble::Soft,
        Some(Report::SourceQuench) => Trouble::Ignored,
    }
}

fn is_fatal(connection: &Connection, cx: &Context<'_>) -> bool {
    match cx.config.icmp.hard_errors {
        HardErrors::Abort => true,
        HardErrors::AbortOpening => {
            matches!(connection.state(), State::SynSent | State::SynReceived)
        }
    }
}

fn abort(connection: &mut Connection, cx: &mut Context<'_>) {
    let event = match connection.state() {
        State::SynSent => Event::Delete(End::Refused),
        State::SynReceived => Event::Refused,
        _ => Event::Delete(End::Unreachable),
    };
    connection.transition(cx, event);
}

fn too_big(
    connection: &mut Connection,
    cx: &mut Context<'_>,
    seq: SeqNumber,
    octets: u16,
    claim: u32,
) {
    // A SYN fits every path; what claims otherwise is not about it.
    let Some(snd) = connection
        .phase
        .send_space()
        .filter(|_| connection.state().is_synchronized())
    else {
        return;
    };
    if let Some(mtu) = connection.path.too_big(snd.una, seq, octets, claim) {
        connection.narrow(cx.now, mtu);
        connection.output(cx);
    }
}

/// The length that the quoted IPv4 header states, as far as it is there.
fn quoted_len(error: &IcmpError) -> u16 {
    match error.quote.as_slice() {
        [_, _, high, low, ..] => u16::from_be_bytes([*high, *low]),
        _ => u16::MAX,
    }
}

impl Connection {
    /// After a timeout, takes it that the path has become too narrow indeed
    /// where a router said so.
    pub(crate) fn believe_doubted_mtu(&mut self, now: Instant) {
        let una = self.phase.send_space().map(|snd| snd.una);
        if let Some(mtu) = una.and_then(|una| self.path.timed_out(una)) {
            self.narrow(now, mtu);
        }
    }

    /// Keeps to packets of this size from here on, and sends again what was
    /// too large. The timer goes on, and the congestion window stays: nothing
    /// was lost to congestion (RFC 1191 section 6.5).
    fn narrow(&mut self, now: Instant, mtu: u16) {
        self.path.lowered(now);
        let mss = mtu.saturating_sub(headers(self.tuple.local.ip()));
        if let Some(snd) = self.phase.sender_mut() {
            snd.narrow(mss);
        }
    }

    /// Tries larger packets again where the path has been narrow for long. A
    /// router that still minds says so.
    pub(crate) fn raise_path_mtu(&mut self, cx: &Context<'_>) {
        if self.path.expire(cx.now, cx.config.icmp.path_mtu_life)
            && let Some(snd) = self.phase.sender_mut()
        {
            snd.widen();
        }
    }
}
