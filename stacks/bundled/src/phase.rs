//! The state machine: what each state owns, and the one function by which a
//! connection goes from one to the next (RFC 9293 figure 5).

use std::collections::VecDeque;

use tcpspec_wire::{Instant, State};

use crate::error::End;
use crate::receive::{ReceiveEnd, ReceiveSpace, Receiver};
use crate::send::{SendEnd, SendSpace, Sender};

/// How a connection in SYN-RECEIVED came there (RFC 9293 MUST-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Passive,
    Active,
}

/// A state with the data that exist in it, and no others. The halves are boxed
/// because they move from state to state, and so that TIME-WAIT, of which there
/// are many, is small.
#[derive(Clone, Debug)]
pub(crate) enum Phase {
    /// Back to where the SYN was found; the listener stands for it.
    Listen,
    SynSent {
        snd: Box<Sender>,
    },
    SynReceived {
        origin: Origin,
        snd: Box<Sender>,
        rcv: Box<Receiver>,
    },
    Established {
        snd: Box<Sender>,
        rcv: Box<Receiver>,
    },
    FinWait1 {
        snd: Box<Sender>,
        rcv: Box<Receiver>,
    },
    FinWait2 {
        snd: SendEnd,
        rcv: Box<Receiver>,
    },
    CloseWait {
        snd: Box<Sender>,
        rcv: ReceiveEnd,
    },
    Closing {
        snd: Box<Sender>,
        rcv: ReceiveEnd,
    },
    LastAck {
        snd: Box<Sender>,
        rcv: ReceiveEnd,
    },
    TimeWait {
        snd: SendEnd,
        rcv: ReceiveEnd,
        until: Instant,
    },
    /// Deleted for the peer; kept for the user who has not let go of it.
    Closed {
        unread: VecDeque<u8>,
        end: End,
    },
}

/// What makes a connection change its state.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// In SYN-SENT: the peer's SYN without an ACK of ours.
    SynArrived(Box<Receiver>),
    /// In SYN-SENT: the peer's SYN with an ACK of ours.
    SynAckArrived(Box<Receiver>),
    /// In SYN-RECEIVED: our SYN is acknowledged.
    SynAcknowledged,
    /// In SYN-RECEIVED: a RST, or a SYN that does not belong there.
    Refused,
    /// The user closes the sending direction.
    Close,
    /// Our FIN is acknowledged; TIME-WAIT, if it follows, ends at this time.
    FinAcknowledged(Instant),
    /// The peer's FIN is in order; TIME-WAIT, if it follows, ends at this time.
    FinArrived(Instant),
    /// 2 MSL are over.
    TimeWaitOver,
    /// The connection is deleted, whatever its state.
    Delete(End),
}

impl Phase {
    /// The state after `event`. A pair for which the RFC draws no arrow leaves
    /// the state as it is.
    pub(crate) fn after(self, event: Event) -> Self {
        match (self, event) {
            (Self::SynSent { snd }, Event::SynArrived(rcv)) => Self::SynReceived {
                origin: Origin::Active,
                snd,
                rcv,
            },
            (Self::SynSent { snd }, Event::SynAckArrived(rcv)) => Self::Established { snd, rcv },
            (Self::SynReceived { snd, rcv, .. }, Event::SynAcknowledged) => {
                Self::Established { snd, rcv }
            }
            (Self::SynReceived { origin, .. }, Event::Refused) => match origin {
                Origin::Passive => Self::Listen,
                Origin::Active => Self::closed(End::Refused),
            },
            (Self::SynReceived { snd, rcv, .. } | Self::Established { snd, rcv }, Event::Close) => {
                Self::FinWait1 { snd, rcv }
            }
            (Self::CloseWait { snd, rcv }, Event::Close) => Self::LastAck { snd, rcv },
            (Self::Established { snd, rcv }, Event::FinArrived(_)) => Self::CloseWait {
                snd,
                rcv: rcv.end(),
            },
            (Self::FinWait1 { snd, rcv }, Event::FinArrived(_)) => Self::Closing {
                snd,
                rcv: rcv.end(),
            },
            (Self::FinWait1 { snd, rcv }, Event::FinAcknowledged(_)) => Self::FinWait2 {
                snd: snd.end(),
                rcv,
            },
            (Self::FinWait2 { snd, rcv }, Event::FinArrived(until)) => Self::TimeWait {
                snd,
                rcv: rcv.end(),
                until,
            },
            (Self::Closing { snd, rcv }, Event::FinAcknowledged(until)) => Self::TimeWait {
                snd: snd.end(),
                rcv,
                until,
            },
            (Self::LastAck { rcv, .. }, Event::FinAcknowledged(_))
            | (Self::TimeWait { rcv, .. }, Event::TimeWaitOver) => Self::Closed {
                unread: rcv.unread,
                end: End::Orderly,
            },
            // The user never had it, and the listener goes on.
            (
                Self::SynReceived {
                    origin: Origin::Passive,
                    ..
                },
                Event::Delete(End::Timeout),
            ) => Self::Listen,
            (unchanged @ Self::Closed { .. }, _) => unchanged,
            (phase, Event::Delete(end)) => phase.deleted(end),
            (unchanged, _) => unchanged,
        }
    }

    const fn closed(end: End) -> Self {
        Self::Closed {
            unread: VecDeque::new(),
            end,
        }
    }

    /// CLOSED. All queues are flushed, but for what a peer that has closed in
    /// order left to read.
    fn deleted(self, end: End) -> Self {
        match (self, end) {
            (
                Self::Closing { rcv, .. } | Self::LastAck { rcv, .. } | Self::TimeWait { rcv, .. },
                End::Orderly,
            ) => Self::Closed {
                unread: rcv.unread,
                end,
            },
            _ => Self::closed(end),
        }
    }

    pub(crate) const fn state(&self) -> State {
        match self {
            Self::Listen => State::Listen,
            Self::SynSent { .. } => State::SynSent,
            Self::SynReceived { .. } => State::SynReceived,
            Self::Established { .. } => State::Established,
            Self::FinWait1 { .. } => State::FinWait1,
            Self::FinWait2 { .. } => State::FinWait2,
            Self::CloseWait { .. } => State::CloseWait,
            Self::Closing { .. } => State::Closing,
            Self::LastAck { .. } => State::LastAck,
            Self::TimeWait { .. } => State::TimeWait,
            Self::Closed { .. } => State::Closed,
        }
    }

    /// The sending direction, where something in it may be unacknowledged.
    pub(crate) fn sender(&self) -> Option<&Sender> {
        match self {
            Self::SynSent { snd }
            | Self::SynReceived { snd, .. }
            | Self::Established { snd, .. }
            | Self::FinWait1 { snd, .. }
            | Self::CloseWait { snd, .. }
            | Self::Closing { snd, .. }
            | Self::LastAck { snd, .. } => Some(snd),
            Self::Listen | Self::FinWait2 { .. } | Self::TimeWait { .. } | Self::Closed { .. } => {
                None
            }
        }
    }

    /// [`sender`](Self::sender), to change it.
    pub(crate) fn sender_mut(&mut self) -> Option<&mut Sender> {
        match self {
            Self::SynSent { snd }
            | Self::SynReceived { snd, .. }
            | Self::Established { snd, .. }
            | Self::FinWait1 { snd, .. }
            | Self::CloseWait { snd, .. }
            | Self::Closing { snd, .. }
            | Self::LastAck { snd, .. } => Some(snd),
            Self::Listen | Self::FinWait2 { .. } | Self::TimeWait { .. } | Self::Closed { .. } => {
                None
            }
        }
    }

    /// Whether our stream ends with a FIN that is not acknowledged yet.
    pub(crate) const fn fin_follows(&self) -> bool {
        matches!(
            self,
            Self::FinWait1 { .. } | Self::Closing { .. } | Self::LastAck { .. }
        )
    }

    /// The receiving direction, where the peer may still send.
    pub(crate) fn receiver(&self) -> Option<&Receiver> {
        match self {
            Self::SynReceived { rcv, .. }
            | Self::Established { rcv, .. }
            | Self::FinWait1 { rcv, .. }
            | Self::FinWait2 { rcv, .. } => Some(rcv),
            Self::Listen
            | Self::SynSent { .. }
            | Self::CloseWait { .. }
            | Self::Closing { .. }
            | Self::LastAck { .. }
            | Self::TimeWait { .. }
            | Self::Closed { .. } => None,
        }
    }

    /// [`receiver`](Self::receiver), to change it.
    pub(crate) fn receiver_mut(&mut self) -> Option<&mut Receiver> {
        match self {
            Self::SynReceived { rcv, .. }
            | Self::Established { rcv, .. }
            | Self::FinWait1 { rcv, .. }
            | Self::FinWait2 { rcv, .. } => Some(rcv),
            Self::Listen
            | Self::SynSent { .. }
            | Self::CloseWait { .. }
            | Self::Closing { .. }
            | Self::LastAck { .. }
            | Self::TimeWait { .. }
            | Self::Closed { .. } => None,
        }
    }

    /// Octets in order that the user has not read.
    pub(crate) fn unread(&self) -> usize {
        match self {
            Self::CloseWait { rcv, .. }
            | Self::Closing { rcv, .. }
            | Self::LastAck { rcv, .. }
            | Self::TimeWait { rcv, .. } => rcv.unread.len(),
            Self::Closed { unread, .. } => unread.len(),
            other => other.receiver().map_or(0, Receiver::unread),
        }
    }

    /// RCV.NXT and RCV.WND, where the peer's SYN was seen.
    pub(crate) fn receive_space(&self) -> Option<ReceiveSpace> {
        match self {
            Self::CloseWait { rcv, .. }
            | Self::Closing { rcv, .. }
            | Self::LastAck { rcv, .. }
            | Self::TimeWait { rcv, .. } => Some(rcv.space()),
            other => other.receiver().map(Receiver::space),
        }
    }

    /// The SND variables, where there are any.
    pub(crate) fn send_space(&self) -> Option<SendSpace> {
        match self {
            Self::FinWait2 { snd, .. } | Self::TimeWait { snd, .. } => Some(SendSpace {
                una: snd.nxt,
                nxt: snd.nxt,
                max_wnd: snd.max_wnd,
            }),
            Self::Listen | Self::Closed { .. } => None,
            other => other.sender().map(Sender::space),
        }
    }
}

#[cfg(test)]
mod tests;
