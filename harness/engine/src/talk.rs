//! What is known of one connection: its ports, both sides' numbers, the octets
//! of its streams, and what has come on it that no step has taken yet. A trial
//! has one for each name in `on:`, and one without a name.

use std::collections::VecDeque;

use tcpspec_connector::{Connection, Handle};
use tcpspec_wire::{Instant, IpHeader, Segment, SourceRoute, State};

use crate::book::{Book, Due};
use crate::persistence::Persistence;
use crate::plan::{LISTEN_PORT, PEER_PORT, default_mss};
use crate::play::Play;
use crate::recorder::PacketRef;
use crate::stream::Stream;

/// A segment of the stack that no step has taken yet.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) at: Instant,
    pub(crate) header: Header,
    pub(crate) segment: Segment,
    pub(crate) text: String,
    /// What its fields should be, by what was known when it came.
    pub(crate) due: Due,
    pub(crate) packet: PacketRef,
}

/// The IP header of a packet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    pub(crate) ip: IpHeader,
    pub(crate) route: Option<SourceRoute>,
}

/// A connection, as far as the peer and the application know it.
#[derive(Debug)]
pub(crate) struct Talk {
    /// Its name in `on:`; the first one has none.
    pub(crate) name: Option<String>,
    /// The stack's own port.
    pub(crate) local_port: u16,
    /// The peer's.
    pub(crate) peer_port: u16,
    pub(crate) book: Book,
    pub(crate) inbox: VecDeque<Arrival>,
    /// Whether there was a connection to set options of; before that they are
    /// set of the listener, for connections to come.
    pub(crate) connected: bool,
    /// Its state as the stack last showed it.
    pub(crate) state: Option<State>,
    /// Changes since the last `state:`, with the state there was then.
    pub(crate) changes: Vec<State>,
    /// When it was last seen to end.
    pub(crate) gone_at: Option<Instant>,
    /// The state that it was in just before.
    pub(crate) ended_in: Option<State>,
    /// When it came to TIME-WAIT.
    pub(crate) waits_since: Instant,
    pub(crate) peer_stream: Stream,
    pub(crate) sut_stream: Stream,
    /// Octets the application has sent and read.
    pub(crate) sent: u32,
    pub(crate) read: u32,
    /// The last segment that the stack sent.
    pub(crate) last_of_sut: Option<PacketRef>,
    /// Whether that was too large for the link, as its stack is told.
    pub(crate) is_refused: bool,
    /// The peer's end on a faulty link.
    pub(crate) persistence: Persistence,
}

impl Talk {
    /// A connection of which nothing is known yet, the `number`th of its trial.
    /// Its text is unlike that of the others.
    pub(crate) fn new(name: Option<String>, number: u16, book: Book) -> Self {
        let salt = (number as u8).wrapping_mul(SALT);
        Self {
            name,
            local_port: LISTEN_PORT,
            peer_port: PEER_PORT.saturating_add(number),
            book,
            inbox: VecDeque::new(),
            connected: false,
            state: None,
            changes: vec![State::Closed],
            gone_at: None,
            ended_in: None,
            waits_since: Instant::ZERO,
            peer_stream: Stream::new(salt),
            sut_stream: Stream::new(salt ^ 0xa5),
            sent: 0,
            read: 0,
            last_of_sut: None,
            is_refused: false,
            persistence: Persistence::default(),
        }
    }

    /// Its name for the connector.
    pub(crate) fn handle(&self) -> Handle {
        Handle(match &self.name {
            Some(name) => format!("C-{name}"),
            None => "C".to_owned(),
        })
    }

    /// Its name for the connector's replies.
    pub(crate) const fn ports(&self) -> Connection {
        Connection {
            local: self.local_port,
            remote: self.peer_port,
        }
    }
}

/// What makes the texts of two connections differ.
const SALT: u8 = 0x1d;

impl Play {
    /// Turns to the connection of this name, the first time to a new one.
    pub(crate) fn turn_to(&mut self, name: Option<&str>) {
        if self.talk.name.as_deref() == name {
            return;
        }
        let known = |talk: &Talk| talk.name.as_deref() == name;
        let at = self.others.iter().position(known).unwrap_or_else(|| {
            let talk = self.new_talk(name);
            self.others.push(talk);
            self.others.len() - 1
        });
        self.swap(at);
    }

    fn new_talk(&self, name: Option<&str>) -> Talk {
        let number = u16::try_from(self.others.len() + 1).unwrap_or(u16::MAX);
        let book = Book::new(self.plan.peer_iss(), default_mss(self.plan.id.ip));
        let mut talk = Talk::new(name.map(str::to_owned), number, book);
        if self.listening {
            talk.changes = vec![State::Listen];
        }
        talk
    }

    /// Does something with each connection, the present one first.
    pub(crate) fn each_talk<E>(
        &mut self,
        mut act: impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        act(self)?;
        for at in 0..self.others.len() {
            self.swap(at);
            let done = act(self);
            self.swap(at);
            done?;
        }
        Ok(())
    }

    /// Whether there is a connection that has these ports.
    pub(crate) fn has_talk(&self, ports: Connection) -> bool {
        let mut others = self.others.iter();
        self.talk.ports() == ports || others.any(|talk| talk.ports() == ports)
    }

    /// Does something with the connection that has these ports; `None` if there
    /// is none.
    pub(crate) fn with_talk<T>(
        &mut self,
        ports: Connection,
        act: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        if self.talk.ports() == ports {
            return Some(act(self));
        }
        let mut others = self.others.iter();
        let at = others.position(|talk| talk.ports() == ports)?;
        self.swap(at);
        let done = act(self);
        self.swap(at);
        Some(done)
    }

    fn swap(&mut self, at: usize) {
        std::mem::swap(&mut self.talk, &mut self.others[at]);
    }
}
