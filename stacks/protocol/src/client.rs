//! Any v1 process as a [`StackUnderTest`].

use std::sync::Arc;
use std::time::Duration;

use tcpspec_connector::{Call, Clock, Hello, Reply, Setup, StackError, StackUnderTest, Stop};
use tcpspec_wire::{Capability, Instant};

use crate::address::Address;
use crate::asked::{Asked, described};
use crate::channel::{Trouble, now, quoted};
use crate::declaration::Declaration;
use crate::drift::Exchange;
use crate::order::{STORM, is_storm};
use crate::reply::ReplyLine;
use crate::request::RequestLine;
use crate::session::{Session, begin, last_words, object};
use crate::transcript::Transcript;

/// A stack in another process.
///
/// A process that has died, hung or broken the protocol is left behind; the next
/// [`open`](StackUnderTest::open) starts another.
#[derive(Debug)]
pub struct Client {
    greeting: Arc<Greeting>,
    session: Option<Session>,
    transcript: Transcript,
    asked: Asked,
    /// What it has answered last.
    answered: Asked,
    /// The last packet that it was given.
    last_packet: Option<Vec<u8>>,
}

/// What is known of a stack that has said hello once: enough for any number of
/// clients.
#[derive(Clone, Debug)]
pub struct Greeting {
    address: Address,
    patience: Duration,
    declaration: Declaration,
}

impl Greeting {
    /// What the stack declares.
    #[must_use]
    pub const fn hello(&self) -> &Hello {
        &self.declaration.hello
    }
}

impl Client {
    /// Starts the stack's process, or connects to it, and hears what it declares.
    /// `patience` is how long it may take for any answer, on the wall's clock; on
    /// the real clock the time that it is told to let pass comes on top.
    ///
    /// # Errors
    ///
    /// [`StackError::Environment`] if it cannot be reached; another if it does not
    /// say hello as it should.
    pub fn connect(address: Address, patience: Duration) -> Result<Self, StackError> {
        let mut transcript = Transcript::default();
        let (session, declaration) = begin(&address, patience, &mut transcript)?;
        let greeting = Greeting {
            address,
            patience,
            declaration,
        };
        Ok(Self {
            session: Some(session),
            transcript,
            ..Self::of(Arc::new(greeting))
        })
    }

    /// A client of a stack that has said hello to another one: it starts the
    /// process or connects once it is opened.
    #[must_use]
    pub fn of(greeting: Arc<Greeting>) -> Self {
        Self {
            greeting,
            session: None,
            transcript: Transcript::default(),
            asked: Asked::Hello,
            answered: Asked::Hello,
            last_packet: None,
        }
    }

    /// What the stack has said of itself, for further clients.
    #[must_use]
    pub fn greeting(&self) -> Arc<Greeting> {
        Arc::clone(&self.greeting)
    }

    /// What was said since the stack was opened last.
    #[must_use]
    pub fn transcript(&mut self) -> Transcript {
        if let Some(session) = &mut self.session {
            self.transcript.stderr = session.channel.last_words();
        }
        self.transcript.clone()
    }

    /// The number of the stack's process, where this client has started one.
    #[must_use]
    pub fn process(&self) -> Option<u32> {
        self.session.as_ref()?.channel.process()
    }

    /// Asks for a verb and an option that cannot be, by names that `seed` draws,
    /// and gives in words what of the stack's declaration and its answers is not
    /// honest. The stack has to be opened before, and again afterwards.
    ///
    /// # Errors
    ///
    /// [`StackError`], as every request.
    pub fn probe(&mut self, seed: u64) -> Result<Vec<String>, StackError> {
        // Neighbouring seeds give words far apart.
        let drawn = (seed ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xd6e8_feb8_6659_fd93);
        let name = format!("x{drawn:016x}");
        self.asked = Asked::Probe;
        let mut remarks = self.greeting.declaration.remarks.clone();
        let probes = [
            ("verb", RequestLine::unknown_verb(&name)),
            ("option", RequestLine::unknown_option(&name)),
        ];
        for (what, request) in probes {
            let line = self.exchange(request, self.greeting.patience)?;
            if !line.is_unsupported() {
                remarks.push(format!(
                    "it does not answer `unsupported` to the {what} `{name}`, which no stack has"
                ));
            }
        }
        Ok(remarks)
    }

    /// Asks, and takes in what comes of it.
    fn ask(
        &mut self,
        request: RequestLine,
        call: Option<&Call>,
        run: Option<(Instant, Stop)>,
    ) -> Result<Reply, StackError> {
        let patience = self.patience_until(run.map(|(until, _)| until));
        let asked = now();
        let line = self.exchange(request, patience)?;
        let heard = now();
        if let Some(failure) = line.failed() {
            return Err(failure);
        }
        let hello = &self.greeting.declaration.hello;
        let reply = line.meaning(call).and_then(|reply| {
            let exchange = Exchange { asked, heard };
            let session = self.session.as_mut();
            session.map_or(Ok(()), |session| {
                session.check(&reply, hello, run, exchange)
            })?;
            Ok(reply)
        });
        match reply {
            Ok(reply) if is_storm(&reply) => Err(self.leave(StackError::Storm(STORM))),
            Ok(reply) => Ok(reply),
            Err(why) => Err(self.fault(&why)),
        }
    }

    /// How long the answer may take.
    fn patience_until(&self, until: Option<Instant>) -> Duration {
        let session = self.session.as_ref();
        match (self.greeting.declaration.hello.clock, until, session) {
            (Clock::Real, Some(until), Some(session)) => {
                let asked = until.since(session.order.now());
                self.greeting.patience.saturating_add(asked)
            }
            _ => self.greeting.patience,
        }
    }

    /// Says a line and reads the answer.
    fn exchange(
        &mut self,
        mut request: RequestLine,
        patience: Duration,
    ) -> Result<ReplyLine, StackError> {
        let session = self.session.as_mut();
        let numbered = session.filter(|_| self.greeting.declaration.ids);
        request.id = numbered.map(Session::next_number);
        let mut line = serde_json::to_vec(&request)
            .map_err(|error| StackError::Environment(error.to_string()))?;
        if line.len() > self.greeting.declaration.longest_line {
            let most = self.greeting.declaration.longest_line;
            let why = format!("the connector takes no line of more than {most} octets");
            return Err(StackError::Environment(why));
        }
        line.push(b'\n');
        self.transcript.add('>', &line);
        let Some(session) = &mut self.session else {
            let why = "the stack was left before, and not opened again".to_owned();
            return Err(StackError::Environment(why));
        };
        let answer = match session.channel.exchange(&line, patience) {
            Ok(answer) => answer,
            Err(trouble) => return Err(self.trouble(trouble)),
        };
        session.lines += 1;
        self.transcript.add('<', answer);
        let answer: ReplyLine = match object(answer) {
            Ok(answer) => answer,
            Err(error) => {
                let said = quoted(answer);
                return Err(self.fault(&format!("{said} is no reply: {error}")));
            }
        };
        if let Some(number) = request.id {
            self.expect_number(answer.id, number)?;
        }
        self.answered = self.asked;
        Ok(answer)
    }

    /// An answer is to the request of this number. One to the last is held against
    /// that one.
    fn expect_number(&mut self, id: Option<u64>, number: u64) -> Result<(), StackError> {
        let why = match id {
            Some(id) if id == number => return Ok(()),
            Some(id) if id.checked_add(1) == Some(number) => {
                self.asked = self.answered;
                format!("it answered request {id} a second time")
            }
            Some(id) => format!("it answered request {id}, and request {number} was asked"),
            None => format!("it does not say that it answers request {number}, as it declares"),
        };
        Err(self.fault(&why))
    }

    /// The connector broke the protocol in the line that came last.
    fn fault(&mut self, why: &str) -> StackError {
        let number = self.session.as_ref().map_or(0, |session| session.lines);
        let asked = self.asked;
        self.leave(StackError::Connector(format!(
            "line {number}, {asked}: {why}"
        )))
    }

    fn trouble(&mut self, trouble: Trouble) -> StackError {
        let asked = self.asked;
        let error = match trouble {
            Trouble::Ended(how) => StackError::Died(format!("{how} {}", self.circumstances())),
            Trouble::Silent => {
                let patience = self.greeting.patience;
                let around = self.circumstances();
                StackError::Silent(format!("within {patience:?} of real time {around}"))
            }
            Trouble::TooLong(most) => StackError::Connector(format!(
                "{asked}: it said a line of more than {most} octets, the most that it may"
            )),
            Trouble::Unasked(said) => {
                let answered = self.answered;
                StackError::Connector(format!(
                    "{answered}, it said {said} after its answer, without being asked"
                ))
            }
            Trouble::More(said) => StackError::Connector(format!(
                "{asked}: it answered, and said {said} without being asked"
            )),
            Trouble::System(error) => StackError::Environment(error.to_string()),
        };
        self.leave(error)
    }

    /// What the stack was at when it fell silent: what it was asked, the last
    /// packet, its last words.
    fn circumstances(&mut self) -> String {
        let packet = self.last_packet.as_deref().map(described);
        let asked = match (self.asked, packet) {
            (Asked::Packet, Some(packet)) => format!("when it was given {packet}"),
            (asked, Some(packet)) => format!("{asked}; the last packet in was {packet}"),
            (asked, None) => asked.to_string(),
        };
        let session = self.session.as_mut();
        let words = session.and_then(|session| last_words(&mut session.channel));
        asked + &words.unwrap_or_default()
    }

    /// The process is of no use any more.
    fn leave(&mut self, error: StackError) -> StackError {
        if let Some(mut session) = self.session.take() {
            self.transcript.stderr = session.channel.last_words();
            if !matches!(error, StackError::Died(_)) {
                session.channel.lose_patience();
            }
        }
        error
    }

    /// A process that was not opened before, or can be opened again.
    fn renew(&mut self) -> Result<(), StackError> {
        let reopen = self.greeting.declaration.reopen;
        let usable = |session: &Session| session.is_fresh || reopen;
        if self.session.as_ref().is_some_and(usable) {
            return Ok(());
        }
        // First the old one ends, then the new one begins.
        self.session = None;
        let (session, declaration) = begin(
            &self.greeting.address,
            self.greeting.patience,
            &mut self.transcript,
        )?;
        self.session = Some(session);
        self.answered = Asked::Hello;
        if declaration != self.greeting.declaration {
            self.asked = Asked::Hello;
            return Err(self.fault("it declares something else than it did before"));
        }
        Ok(())
    }
}

impl StackUnderTest for Client {
    fn hello(&self) -> &Hello {
        &self.greeting.declaration.hello
    }

    fn open(&mut self, setup: &Setup) -> Result<Reply, StackError> {
        self.transcript.clear();
        self.last_packet = None;
        self.renew()?;
        if let Some(session) = &mut self.session {
            session.restart();
        }
        self.asked = Asked::Open;
        self.ask(setup.into(), None, None)
    }

    fn call(&mut self, call: &Call) -> Result<Reply, StackError> {
        self.asked = Asked::Call(call.verb());
        self.ask(call.into(), Some(call), None)
    }

    fn deliver(&mut self, packets: &[Vec<u8>]) -> Result<Reply, StackError> {
        self.asked = Asked::Packet;
        let queues = self
            .greeting
            .declaration
            .hello
            .capabilities
            .contains(&Capability::Queue);
        let mut whole: Option<Reply> = None;
        for (at, packet) in packets.iter().enumerate() {
            self.last_packet = Some(packet.clone());
            let process = !queues || at + 1 == packets.len();
            let reply = self.ask(RequestLine::packet(packet, process), None, None)?;
            whole = Some(match whole {
                None => reply,
                Some(whole) => joined(whole, reply),
            });
        }
        let now = self
            .session
            .as_ref()
            .map_or(Instant::ZERO, |session| session.order.now());
        Ok(whole.unwrap_or_else(|| Reply::nothing(now)))
    }

    fn run(&mut self, until: Instant, stop: Stop) -> Result<Reply, StackError> {
        self.asked = Asked::Run;
        self.ask(RequestLine::run(until, stop), None, Some((until, stop)))
    }

    fn leap(&mut self, to: Instant) -> Result<Reply, StackError> {
        self.asked = Asked::Leap;
        self.ask(RequestLine::leap(to), None, Some((to, Stop::AtEnd)))
    }
}

/// Two replies as one.
fn joined(mut first: Reply, second: Reply) -> Reply {
    first.tx.extend(second.tx);
    first.states.extend(second.states);
    first.reasons.extend(second.reasons);
    first.late = first.late.max(second.late);
    Reply {
        now: second.now,
        next: second.next,
        ..first
    }
}
