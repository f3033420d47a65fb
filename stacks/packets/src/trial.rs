//! A trial under way: its ports, what they are called in the case, and what comes
//! to them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use tcpspec_connector::control::STORM;
use tcpspec_connector::{Emitted, Next, Reply, Setup, StackError};
use tcpspec_wire::{Flags, Instant, Packet, Segment, SeqNumber};

use crate::carrier::{Heard, Slot};
use crate::clock;
use crate::ethernet::addresses;
use crate::terms::of_version;
use crate::translation::{Both, PORTS, Translation};

/// What there is only while a trial runs.
#[derive(Debug)]
pub(crate) struct Trial {
    slot: Slot,
    opened: Duration,
    /// When the last reply was given.
    pub(crate) last: Duration,
    pub(crate) names: Names,
    prefix: u8,
    /// Where the stack expects the next octet of the peer, by both real ports.
    open: BTreeMap<(u16, u16), SeqNumber>,
}

/// Which names the case has shown so far.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) known: Translation,
    /// Whether there is a port of the stack, and one of the peer.
    stack_port: bool,
    peer_port: bool,
}

impl Trial {
    /// A trial that has shown no names but those of its setup; `real` are the
    /// addresses of stack and peer.
    pub(crate) fn new(setup: &Setup, real: (IpAddr, IpAddr), slot: Slot) -> Self {
        let now = clock::now();
        let both = |case, real| Both { case, real };
        let known = Translation {
            stack: both(setup.stack, real.0),
            peer: both(setup.peer, real.1),
            other: None,
            stack_port: Both { case: 0, real: 0 },
            peer_ports: Both {
                case: 0,
                real: slot.first_port,
            },
            salt: slot.first_port,
        };
        Self {
            slot,
            opened: now,
            last: now,
            names: Names {
                known,
                stack_port: false,
                peer_port: false,
            },
            prefix: setup.prefix,
            open: BTreeMap::new(),
        }
    }

    /// A reply to begin with: nobody can say when the stack will do something.
    pub(crate) fn begin(&self) -> Reply {
        let now = clock::now();
        Reply {
            next: Next::Unknown,
            late: now.saturating_sub(self.last),
            ..Reply::nothing(self.at(now))
        }
    }

    pub(crate) fn at(&self, time: Duration) -> Instant {
        Instant::ZERO + time.saturating_sub(self.opened)
    }

    /// The next packet, if one comes before patience ends.
    pub(crate) fn hear(&self, patience: Duration) -> Result<Option<Heard>, StackError> {
        match self.slot.heard.recv_timeout(patience) {
            Ok(heard) => Ok(Some(heard)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                Err(StackError::Environment("the ports are lost".to_owned()))
            }
        }
    }

    /// Takes what comes until nothing has come for so long. The reply is of the
    /// moment from which on nothing came.
    pub(crate) fn settle(&mut self, quiet: Duration, reply: &mut Reply) -> Result<(), StackError> {
        while let Some(heard) = self.hear(quiet)? {
            self.take(heard, reply);
            if reply.tx.len() > STORM {
                return Err(StackError::Storm(STORM));
            }
        }
        Ok(())
    }

    pub(crate) fn take(&mut self, heard: Heard, reply: &mut Reply) {
        let Heard { at, mut octets } = heard;
        self.note(&octets);
        self.names.known.inward(&mut octets);
        let at = self.at(at);
        reply.now = reply.now.max(at);
        reply.tx.push(Emitted { at, octets });
    }

    /// Notes what it takes to reset the connection of a real packet.
    fn note(&mut self, octets: &[u8]) {
        let Ok(decoded) = Packet::decode(octets) else {
            return;
        };
        if let Some(segment) = decoded.packet.segment() {
            let ports = (segment.src_port, segment.dst_port);
            if segment.flags.contains(Flags::RST) {
                self.open.remove(&ports);
            } else if segment.flags.contains(Flags::ACK) {
                self.open.insert(ports, segment.ack);
            }
        }
    }

    /// A RST for every connection that may be left, each with the very number that
    /// the stack waits for (RFC 5961 section 3).
    pub(crate) fn resets(&self) -> impl Iterator<Item = Vec<u8>> {
        let (peer, stack) = (self.names.known.peer.real, self.names.known.stack.real);
        self.open.iter().map(move |((local, remote), next)| {
            let reset = Segment {
                src_port: *remote,
                dst_port: *local,
                flags: Flags::RST,
                seq: *next,
                ..Segment::default()
            };
            Packet::tcp(peer, stack, reset).encode()
        })
    }

    /// A packet that comes from another host of the peer's network.
    pub(crate) fn notice_other(
        &mut self,
        packet: &[u8],
        others: &[IpAddr],
    ) -> Result<(), StackError> {
        let names = &mut self.names.known;
        let Some((src, _)) = addresses(packet) else {
            return Ok(());
        };
        if src == names.peer.case || !in_network(src, names.peer.case, self.prefix) {
            return Ok(());
        }
        let real = of_version(others, src.is_ipv4()).ok_or_else(|| {
            let what = "the case sends from another address of the peer's network: declare one that \
                        nobody has by `other=`";
            StackError::Environment(what.to_owned())
        })?;
        names.other = Some(Both { case: src, real });
        Ok(())
    }
}

impl Names {
    /// The case's listener is the service.
    pub(crate) const fn listen(&mut self, case: u16, real: u16) {
        self.known.stack_port = Both { case, real };
        self.stack_port = true;
    }

    /// The ports of the first packet: if nobody was asked to listen, nobody does.
    pub(crate) fn notice(&mut self, packet: &[u8], closed: u16) {
        let Ok(decoded) = Packet::decode(packet) else {
            return;
        };
        let Some(segment) = decoded.packet.segment() else {
            return;
        };
        if !self.stack_port {
            self.listen(segment.dst_port, closed);
        }
        // What pretends to come from the stack has none of the peer's ports.
        let is_peers = decoded.packet.ip.src != self.known.stack.case;
        if !self.peer_port && is_peers {
            self.known.peer_ports.case = segment.src_port & !(PORTS - 1);
            self.peer_port = true;
        }
    }
}

/// Whether two addresses have a prefix of so many bits in common.
fn in_network(one: IpAddr, another: IpAddr, prefix: u8) -> bool {
    let differ = match (one, another) {
        (IpAddr::V4(one), IpAddr::V4(another)) => {
            u128::from(one.to_bits() ^ another.to_bits()) << 96
        }
        (IpAddr::V6(one), IpAddr::V6(another)) => one.to_bits() ^ another.to_bits(),
        _ => return false,
    };
    differ.leading_zeros() >= prefix.into()
}
