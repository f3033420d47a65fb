//! The verbs typed by hand: one command for each line, and in lines what came of
//! it. It has one connection at a time, between a port of the stack and one of the
//! peer, and expects nothing: whoever types looks for themselves.

mod command;

use std::time::Duration;

use tcpspec_connector::call::{Call, CallError, CallResult, Handle, Ret};
use tcpspec_connector::{Clock, Reply, Setup, StackError, StackUnderTest, Stop};
use tcpspec_wire::text::{Base, SegmentText};
use tcpspec_wire::{Capability, Flags, Instant, Packet, Segment, SeqNumber, State, TextError};

use command::Command;

/// The port of the peer.
const PEER_PORT: u16 = 40_000;
/// The port of the stack, where it opens actively.
const OWN_PORT: u16 = 5_000;

/// What can be typed.
pub const HELP: &str = "\
listen [PORT]        the application listens, on port 80 unless you say otherwise
accept               it takes the connection
connect              it opens one to the peer, from port 5000
send TEXT            it sends; `send len=1000` sends so many octets
recv [MOST]          it receives
shutdown, close, close listener, abort, die
peer SEGMENT         the peer sends: `peer SYN`, `peer ACK`, `peer PSH+ACK data=\"abc\"`,
                     `peer RST seq=1 win=0`, `peer SYN seq=0 <mss=1460>`. Numbers count from
                     each side's SYN; what is left out is what is due next
run DURATION         time goes on: `run 200ms`, `run 1s`, `run 2min`
leap DURATION        it is so much later at once
state                the state of the connection, as far as it was told
open                 a fresh state
help, quit";

/// A stack, and what was typed.
pub struct Shell<'a> {
    stack: &'a mut dyn StackUnderTest,
    world: Setup,
    now: Instant,
    /// The port of the stack.
    port: u16,
    iss: SeqNumber,
    next: SeqNumber,
    irs: Option<SeqNumber>,
    expected: SeqNumber,
    state: Option<State>,
}

/// Why nothing came of a line.
#[derive(Debug, thiserror::Error)]
pub enum ShellError {
    /// It is no command.
    #[error("{0}; `help` says what can be typed")]
    Command(String),
    /// The segment cannot be read.
    #[error(transparent)]
    Segment(#[from] TextError),
    /// The stack gives no reply.
    #[error("{0}; `open` begins anew")]
    Stack(#[from] StackError),
}

impl<'a> Shell<'a> {
    /// A shell on a stack that has to be opened first.
    #[must_use]
    pub fn new(stack: &'a mut dyn StackUnderTest, seed: u64) -> Self {
        let iss = SeqNumber::new(1_000_000);
        Self {
            world: Setup::to_try(stack.hello(), seed),
            stack,
            now: Instant::ZERO,
            port: crate::peer::PORT,
            iss,
            next: iss,
            irs: None,
            expected: SeqNumber::default(),
            state: None,
        }
    }

    /// Does what a line says. Gives what came of it in lines; `None` where the line
    /// says that it was the last.
    ///
    /// # Errors
    ///
    /// [`ShellError`], after which it can go on.
    pub fn type_in(&mut self, line: &str) -> Result<Option<Vec<String>>, ShellError> {
        let command: Command = line.parse().map_err(ShellError::Command)?;
        let lines = match command {
            Command::Nothing => Vec::new(),
            Command::Quit => return Ok(None),
            Command::Help => HELP.lines().map(str::to_owned).collect(),
            Command::State => vec![match self.state {
                Some(state) => state.name().to_owned(),
                None => "nothing was told of any state".to_owned(),
            }],
            Command::Open => self.open()?,
            Command::Listen(port) => {
                self.port = port;
                self.call(&Call::Listen {
                    handle: listener(),
                    port,
                    backlog: 8,
                })?
            }
            Command::Connect => self.connect()?,
            Command::Call(call) => self.call(&call)?,
            Command::Peer(segment) => self.peer(&segment)?,
            Command::Run(time) => self.run(time)?,
            Command::Leap(time) => self.leap(time)?,
        };
        Ok(Some(lines))
    }

    fn open(&mut self) -> Result<Vec<String>, StackError> {
        let reply = self.stack.open(&self.world)?;
        self.port = crate::peer::PORT;
        self.next = self.iss;
        self.irs = None;
        self.expected = SeqNumber::default();
        self.state = None;
        Ok(self.told(reply))
    }

    fn connect(&mut self) -> Result<Vec<String>, StackError> {
        self.port = OWN_PORT;
        self.call(&Call::Connect {
            handle: connection(),
            port: OWN_PORT,
            to: (self.world.peer, PEER_PORT).into(),
            route: None,
        })
    }

    fn call(&mut self, call: &Call) -> Result<Vec<String>, StackError> {
        let reply = self.stack.call(call)?;
        let ret = reply.ret.as_ref().map(shown);
        let mut lines = self.told(reply);
        lines.extend(ret);
        Ok(lines)
    }

    fn run(&mut self, time: Duration) -> Result<Vec<String>, StackError> {
        let until = self.now + time;
        let reply = self.stack.run(until, Stop::AtEnd)?;
        let mut lines = self.told(reply);
        let real = self.stack.hello().clock == Clock::Real;
        lines.push(match real {
            true => "the time is over".to_owned(),
            false => self.now.to_string(),
        });
        Ok(lines)
    }

    fn leap(&mut self, time: Duration) -> Result<Vec<String>, StackError> {
        let declared = &self.stack.hello().capabilities;
        if !declared.contains(&Capability::Leap) {
            return Ok(vec!["error: the stack does not declare leap".to_owned()]);
        }
        let reply = self.stack.leap(self.now + time)?;
        let mut lines = self.told(reply);
        lines.push(self.now.to_string());
        Ok(lines)
    }

    /// A segment of the peer. What its text leaves out is what is due.
    fn peer(&mut self, text: &str) -> Result<Vec<String>, ShellError> {
        let (text, data) = command::without_data(text);
        let own = Base::new(self.iss);
        let other = self.irs.map_or_else(Base::default, Base::new);
        let due = (own.number(self.next), other.number(self.expected));
        let read: SegmentText = command::completed(&text, due).parse()?;
        let payload = data.unwrap_or_else(|| vec![b'x'; read.len.min(65_000) as usize]);
        let segment = Segment {
            src_port: PEER_PORT,
            dst_port: self.port,
            seq: own.seq(read.seq),
            ack: read
                .ack
                .map_or_else(SeqNumber::default, |ack| other.seq(ack)),
            flags: read.flags,
            window: tcpspec_wire::WindowField::new(read.window),
            urgent: read.urgent.unwrap_or(0),
            options: read.options,
            payload,
        };
        if segment.seq == self.next && !segment.flags.contains(Flags::RST) {
            self.next = segment.end();
        }
        let mut lines = vec![self.written("->", self.now, &segment, true)];
        let packet = Packet::tcp(self.world.peer, self.world.stack, segment);
        let reply = self.stack.deliver(&[packet.encode()])?;
        lines.extend(self.told(reply));
        Ok(lines)
    }

    /// What a reply tells: packets and changes of state.
    fn told(&mut self, reply: Reply) -> Vec<String> {
        self.now = reply.now;
        let mut lines = Vec::new();
        for emitted in reply.tx {
            lines.push(self.came(emitted.at, &emitted.octets));
        }
        for change in reply.states {
            self.state = Some(change.state);
            lines.push(format!("{}     {}", change.at, change.state.name()));
        }
        lines
    }

    fn came(&mut self, at: Instant, octets: &[u8]) -> String {
        let decoded = match Packet::decode(octets) {
            Ok(decoded) => decoded,
            Err(error) => return format!("{at}  <- {} octets: {error}", octets.len()),
        };
        let Some(segment) = decoded.packet.segment() else {
            return format!("{at}  <- {} octets that are no segment", octets.len());
        };
        if segment.flags.contains(Flags::SYN) {
            self.irs = Some(segment.seq);
            self.expected = segment.seq;
        }
        if segment.seq == self.expected {
            self.expected = segment.end();
        }
        let mut line = self.written("<-", at, segment, false);
        for defect in decoded.defects {
            line += &format!(" ({defect})");
        }
        line
    }

    fn written(&self, arrow: &str, at: Instant, segment: &Segment, is_peers: bool) -> String {
        let (own, other) = (Some(Base::new(self.iss)), self.irs.map(Base::new));
        let (seq, ack) = if is_peers { (own, other) } else { (other, own) };
        format!("{at}  {arrow} {}", SegmentText::new(segment, seq, ack))
    }
}

/// The listener's name.
fn listener() -> Handle {
    Handle("L".to_owned())
}

/// The connection's name.
fn connection() -> Handle {
    Handle("C".to_owned())
}

/// What the application is told.
fn shown(result: &CallResult) -> String {
    match result {
        Ok(Ret::Done) => "ok".to_owned(),
        Ok(Ret::Sent(octets)) => format!("{octets} octets taken"),
        Ok(Ret::Data(octets)) => format!("{} octets: {}", octets.len(), octets.escape_ascii()),
        Ok(ret) => format!("{ret:?}"),
        Err(CallError::Other(text)) => format!("error: {text}"),
        Err(error) => format!("error: {error}"),
    }
}

#[cfg(test)]
mod tests;
