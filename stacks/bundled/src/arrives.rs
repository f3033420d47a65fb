//! SEGMENT ARRIVES (RFC 9293 section 3.10.7): the checks, in the RFC's order,
//! each in a file of its own. The states CLOSED and LISTEN, in which there is
//! no connection, are the [`Host`](crate::Host)'s.
//!
//! A check either lets the segment go on or ends its processing with a
//! [`Disposition`], which is carried out here.

mod ack;
mod fin;
mod reset;
mod sequence;
mod syn;
mod syn_sent;
mod text;
mod timestamps;
mod urgent;

use std::ops::ControlFlow;

use tcpspec_wire::{Flags, SegmentRef, State};

use crate::connection::{Arrival, Connection, Context};
use crate::ecn::NOT_ECT;
use crate::error::End;
use crate::limits::{DEFAULT_MSS_V4, DEFAULT_MSS_V6};
use crate::phase::Event;
use crate::reply;
use crate::timers::AckDue;

/// What becomes of a segment whose processing ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Disposition {
    /// Nothing is sent on its account.
    Drop,
    /// `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>`.
    Acknowledge,
    /// The same octets as a challenge (RFC 5961). Kept apart from
    /// [`Acknowledge`](Self::Acknowledge), for its rate is limited.
    Challenge,
    /// `<SEQ=SEG.ACK><CTL=RST>`, and the state stays.
    Refuse,
    /// The RST that answers the segment in CLOSED, and the connection is deleted.
    RefuseAndDelete,
    /// `<SEQ=SND.NXT><CTL=RST>`, and the connection is deleted.
    Abort,
    /// The connection is deleted without a word to the peer.
    Delete(End),
    /// A connection that was about to be is none (SYN-RECEIVED).
    Refused,
}

/// The result of a check.
type Check = ControlFlow<Disposition>;

/// Processes one segment for a connection.
pub(crate) fn segment_arrives(
    connection: &mut Connection,
    cx: &mut Context<'_>,
    arrival: &Arrival<'_>,
) {
    let segment = arrival.segment;
    let checked = if connection.state() == State::SynSent {
        connection.heard(cx.now);
        syn_sent::process(connection, cx, segment)
    } else {
        synchronized(connection, cx, arrival)
    };
    if let ControlFlow::Break(disposition) = checked {
        carry_out(connection, cx, segment, disposition);
    }
    connection.output(cx);
}

/// The eight steps for all states from SYN-RECEIVED on (section 3.10.7.4; the
/// third, on security labels, is left out as every stack does).
fn synchronized(connection: &mut Connection, cx: &mut Context<'_>, arrival: &Arrival<'_>) -> Check {
    let segment = arrival.segment;
    timestamps::check(connection, cx, segment)?;
    let acceptable = sequence::check(connection, cx, segment);
    if acceptable.is_continue() || sequence::is_probe(connection, segment) {
        connection.note_mark(segment, arrival.is_marked);
    }
    acceptable?;
    timestamps::record(connection, cx, segment);
    connection.heard(cx.now);
    connection.hear_user_timeout(cx, segment);
    reset::check(connection, cx, segment)?;
    syn::check(connection, cx, segment)?;
    ack::check(connection, cx, segment)?;
    if let Some(way_back) = arrival.way_back {
        connection.hear_route(way_back);
    }
    urgent_text_and_fin(connection, cx, segment)
}

/// The last three steps, which a SYN,ACK in SYN-SENT shares.
fn urgent_text_and_fin(
    connection: &mut Connection,
    cx: &mut Context<'_>,
    segment: &SegmentRef<'_>,
) -> Check {
    urgent::process(connection, cx, segment);
    text::process(connection, cx, segment)?;
    fin::process(connection, cx);
    Check::Continue(())
}

fn carry_out(
    connection: &mut Connection,
    cx: &mut Context<'_>,
    segment: &SegmentRef<'_>,
    disposition: Disposition,
) {
    match disposition {
        Disposition::Drop => {}
        Disposition::Acknowledge if brings_text_or_fin(segment) => connection.ack = AckDue::Now,
        // An empty segment that must be answered can be an answer itself: two
        // ends that disagree would go on for ever (RFC 1337 section 2.3). A SYN
        // outside the window is a challenge too (RFC 5961 section 4).
        Disposition::Acknowledge | Disposition::Challenge => {
            if connection
                .challenges
                .allow(cx.now, cx.config.challenge_limit)
            {
                connection.ack = AckDue::Now;
            }
        }
        Disposition::Refuse => refuse(connection, cx, segment),
        Disposition::RefuseAndDelete => {
            refuse(connection, cx, segment);
            connection.transition(cx, Event::Delete(End::Reset));
        }
        Disposition::Abort => {
            connection.send_reset(cx);
            connection.transition(cx, Event::Delete(End::Reset));
        }
        Disposition::Delete(end) => connection.transition(cx, Event::Delete(end)),
        Disposition::Refused => connection.transition(cx, Event::Refused),
    }
}

fn brings_text_or_fin(segment: &SegmentRef<'_>) -> bool {
    !segment.payload.is_empty() || segment.flags.contains(Flags::FIN)
}

fn refuse(connection: &Connection, cx: &mut Context<'_>, segment: &SegmentRef<'_>) {
    if let Some(rst) = reply::refusing(segment, cx.config.timestamps) {
        connection.transmit(cx, &rst, NOT_ECT);
    }
}

/// The effective send MSS: what the peer's SYN offers, or the default where it
/// offers nothing, and no more than our own link takes (RFC 9293 section 3.7.1).
pub(crate) fn effective_mss(syn: &SegmentRef<'_>, own: u16, is_ipv4: bool) -> u16 {
    let default = if is_ipv4 {
        DEFAULT_MSS_V4
    } else {
        DEFAULT_MSS_V6
    };
    // An offer of zero octets can only be a mistake.
    let offered = syn.options.mss().filter(|mss| *mss > 0).unwrap_or(default);
    offered.min(own)
}
