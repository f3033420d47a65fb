//! The application of one end: opens, sends, closes, reads to the end.

use tcpspec_connector::{Call, CallError, Handle, Ret};
use tcpspec_wire::State;

use crate::outcome::Failure;
use crate::terms::{CLIENT_PORT, PORT, Terms};

/// Octets that one call offers or asks for.
const CHUNK: u64 = 65_536;

/// The application of one end, as a question: which call next?
#[derive(Clone, Debug)]
pub(crate) struct Application {
    end: usize,
    to_send: u64,
    to_read: u64,
    pub(crate) sent: u64,
    pub(crate) read: u64,
    stage: Stage,
    /// Whether the end of the peer's stream was told.
    pub(crate) saw_end: bool,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// There is a listener, and nobody has come.
    Listening,
    /// There is a connection, or will be.
    Open,
    /// Everything is sent, and so is the end.
    Shut,
    /// It has let go of the connection.
    Closed,
}

impl Application {
    /// The application of an end (0 is the left one).
    pub(crate) const fn new(end: usize, terms: &Terms) -> Self {
        Self {
            end,
            to_send: terms.transfer[end],
            to_read: terms.transfer[1 - end],
            sent: 0,
            read: 0,
            stage: if end == 0 {
                Stage::Open
            } else {
                Stage::Listening
            },
            saw_end: false,
        }
    }

    /// The call with which it all begins.
    pub(crate) fn opening(&self, terms: &Terms) -> Call {
        if self.end == 0 {
            Call::Connect {
                handle: connection(),
                port: CLIENT_PORT,
                to: terms.server(),
                route: None,
            }
        } else {
            Call::Listen {
                handle: listener(),
                port: PORT,
                backlog: 1,
            }
        }
    }

    /// Whether everything was sent and read, and the connection let go of.
    pub(crate) fn is_done(&self) -> bool {
        self.stage == Stage::Closed
    }

    /// Whether everything that the peer sends has been read.
    pub(crate) const fn has_all(&self) -> bool {
        self.read == self.to_read && self.saw_end
    }

    /// What it would do now: at most one call that moves its own stream on, and
    /// one that reads.
    /// `state` is that of the connection, as far as it is known.
    pub(crate) fn calls(&self, state: Option<State>) -> Vec<Call> {
        let read = || Call::Recv {
            handle: connection(),
            max: CHUNK as usize,
        };
        match self.stage {
            Stage::Listening => vec![Call::Accept {
                handle: listener(),
                new: connection(),
            }],
            Stage::Open if self.sent < self.to_send => {
                let len = CHUNK.min(self.to_send - self.sent);
                let data = (self.sent..self.sent + len).map(|at| octet(self.end, at));
                let send = Call::Send {
                    handle: connection(),
                    data: data.collect(),
                };
                vec![send, read()]
            }
            Stage::Open if !self.is_connected(state) => vec![read()],
            Stage::Open => vec![Call::Shutdown {
                handle: connection(),
            }],
            Stage::Shut if self.saw_end => vec![Call::Close {
                handle: connection(),
            }],
            Stage::Shut => vec![read()],
            Stage::Closed => Vec::new(),
        }
    }

    /// Whether there surely is a connection. CLOSE before that would take the
    /// OPEN back (RFC 9293 section 3.10.4).
    fn is_connected(&self, state: Option<State>) -> bool {
        let heard = self.read > 0 || self.saw_end;
        self.end == 1 || heard || state.map_or(self.sent > 0, State::is_synchronized)
    }

    /// Takes in what a call gave; whether anything has moved on.
    pub(crate) fn take(
        &mut self,
        call: &Call,
        result: Result<Ret, CallError>,
    ) -> Result<bool, Failure> {
        match (call, result) {
            (_, Err(CallError::Again)) => return Ok(false),
            (Call::Accept { .. }, Ok(_)) => self.stage = Stage::Open,
            (Call::Send { .. }, Ok(Ret::Sent(octets))) => {
                self.sent += octets as u64;
                return Ok(octets > 0);
            }
            (Call::Recv { .. }, Ok(Ret::Data(octets))) => self.check(&octets)?,
            (Call::Recv { .. }, Err(CallError::Eof)) if self.saw_end => return Ok(false),
            (Call::Recv { .. }, Err(CallError::Eof)) => self.end_of_stream()?,
            (Call::Shutdown { .. }, Ok(_)) => self.stage = Stage::Shut,
            (Call::Close { .. }, Ok(_)) => self.stage = Stage::Closed,
            (_, Ok(_)) => {}
            (call, Err(error)) => {
                return Err(Failure::Call {
                    end: self.end,
                    verb: call.verb(),
                    error,
                });
            }
        }
        Ok(true)
    }

    fn check(&mut self, octets: &[u8]) -> Result<(), Failure> {
        let end = self.end;
        let due = (self.read..).map(|at| octet(1 - end, at));
        let wrong = octets.iter().zip(due).position(|(got, due)| *got != due);
        if let Some(wrong) = wrong {
            let at = self.read + wrong as u64;
            return Err(Failure::Octet { end, at });
        }
        self.read += octets.len() as u64;
        match self.read.checked_sub(self.to_read) {
            None | Some(0) => Ok(()),
            Some(by) => Err(Failure::Surplus { end, by }),
        }
    }

    fn end_of_stream(&mut self) -> Result<(), Failure> {
        self.saw_end = true;
        match self.to_read - self.read {
            0 => Ok(()),
            missing => Err(Failure::Short {
                end: self.end,
                missing,
            }),
        }
    }
}

fn connection() -> Handle {
    Handle("C".to_owned())
}

fn listener() -> Handle {
    Handle("L".to_owned())
}

/// The octet of an end's stream at a place. Its period is a prime above any
/// power of two, so that text that is off by whole segments is seen.
const fn octet(end: usize, at: u64) -> u8 {
    let place = at % 65_537;
    (place ^ (place >> 8)) as u8 ^ if end == 0 { 0 } else { 0xa5 }
}
