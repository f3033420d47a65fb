//! A conversation with a stack: calls of its application, segments of its peer,
//! and what comes.

use std::collections::VecDeque;
use std::time::Duration;

use tcpspec_connector::call::{Call, CallError, CallResult, Handle, Ret};
use tcpspec_connector::{Clock, Next, Reply, Setup, StackUnderTest, Stop as Until};
use tcpspec_protocol::Client;
use tcpspec_wire::{Capability, Flags, Instant, Packet, Segment};

use super::{Stop, Terms, verbs};
use crate::peer::{PORT, Peer};

/// How long a segment may take that is due.
const DUE: Duration = Duration::from_secs(2);

/// Lines of a conversation that are shown where it breaks.
const SHOWN: usize = 4;

/// A conversation.
pub(super) struct Talk {
    pub(super) client: Client,
    pub(super) world: Setup,
    pub(super) terms: Terms,
    pub(super) now: Instant,
    pub(super) next: Next,
    /// Packets that have come and were not looked at.
    pub(super) came: VecDeque<Vec<u8>>,
    /// What was done last, for sentences.
    done: String,
}

/// The listener's name.
pub(super) fn listener() -> Handle {
    Handle("L".to_owned())
}

impl Talk {
    pub(super) fn new(client: Client, terms: Terms) -> Self {
        let world = Setup::to_try(client.hello(), terms.seed);
        Self {
            client,
            world,
            terms,
            now: Instant::ZERO,
            next: Next::Unknown,
            came: VecDeque::new(),
            done: String::new(),
        }
    }

    pub(super) fn is_virtual(&self) -> bool {
        self.client.hello().clock == Clock::Virtual
    }

    pub(super) fn declares(&self, capability: Capability) -> bool {
        self.client.hello().capabilities.contains(&capability)
    }

    /// The last lines of the conversation.
    pub(super) fn last_lines(&mut self) -> Vec<String> {
        let transcript = self.client.transcript();
        let from = transcript.lines.len().saturating_sub(SHOWN);
        let lines = transcript.lines.into_iter().skip(from);
        let stderr = transcript.stderr.iter().rev().take(SHOWN).rev();
        lines
            .chain(stderr.map(|line| format!("! {line}")))
            .collect()
    }

    /// Into a fresh state.
    pub(super) fn open(&mut self) -> Result<(), Stop> {
        let reply = self.client.open(&self.world.clone())?;
        self.came.clear();
        self.take(reply);
        let at_zero = self.now == Instant::ZERO || !self.is_virtual();
        if !at_zero || !self.came.is_empty() {
            return Err(Stop::breaks(
                format!(
                    "opened, it is at {} and has sent {} packets",
                    self.now,
                    self.came.len()
                ),
                "On `open` forget everything, go back to time 0, and send nothing.",
            ));
        }
        Ok(())
    }

    fn take(&mut self, reply: Reply) -> Option<CallResult> {
        self.now = reply.now;
        self.next = reply.next;
        self.came
            .extend(reply.tx.into_iter().map(|emitted| emitted.octets));
        reply.ret
    }

    /// A call of the application, whatever comes of it.
    pub(super) fn call(&mut self, call: &Call) -> Result<CallResult, Stop> {
        self.done = format!("the application's `{}`", call.verb());
        let reply = self.client.call(call)?;
        Ok(self.take(reply).unwrap_or(Err(CallError::Unsupported)))
    }

    /// A call that has to succeed.
    pub(super) fn succeed(&mut self, call: &Call) -> Result<Ret, Stop> {
        let needed = call.capability();
        if let Some(needed) = needed.filter(|needed| !self.declares(*needed)) {
            let verb = call.verb();
            return Err(Stop::breaks(
                format!("its hello declares no `{needed}`, which `{verb}` needs"),
                format!(
                    "{} Add `{needed}` to what the hello declares.",
                    verbs::advice(verb)
                ),
            ));
        }
        self.call(call)?.map_err(|error| {
            let verb = call.verb();
            let error = match error {
                CallError::Other(text) => format!("other:{text}"),
                error => error.to_string(),
            };
            let what = format!("the application's `{verb}` gives the error `{error}`");
            Stop::breaks(what, verbs::advice(verb))
        })
    }

    pub(super) fn listen(&mut self) -> Result<(), Stop> {
        let listen = Call::Listen {
            handle: listener(),
            port: PORT,
            backlog: 8,
        };
        self.succeed(&listen).map(|_| ())
    }

    /// A segment of the peer.
    pub(super) fn say(&mut self, peer: &mut Peer, flags: Flags, text: &[u8]) -> Result<(), Stop> {
        let (packet, written) = peer.say(flags, text);
        self.done = format!("`{written}` of the peer");
        let reply = self.client.deliver(&[packet])?;
        self.take(reply);
        Ok(())
    }

    /// Time until then.
    pub(super) fn run(&mut self, until: Instant, stop: Until) -> Result<(), Stop> {
        let reply = self.client.run(until, stop)?;
        self.take(reply);
        Ok(())
    }

    /// The next segment of this connection that is `wanted`; ACKs that are not
    /// are passed over.
    pub(super) fn hear(
        &mut self,
        peer: &Peer,
        wanted: &str,
        is_wanted: impl Fn(&Segment) -> bool,
        next: &str,
    ) -> Result<Segment, Stop> {
        let until = self.now + DUE;
        loop {
            while let Some(octets) = self.came.pop_front() {
                let segment = self.read(peer, &octets)?;
                if is_wanted(&segment) {
                    return Ok(segment);
                }
                if segment.flags != Flags::ACK || !segment.payload.is_empty() {
                    let (done, shown) = (&self.done, peer.shown(&segment));
                    let what = format!("after {done} came `{shown}`; due is {wanted}");
                    return Err(Stop::breaks(what, next));
                }
            }
            if self.now >= until {
                let done = &self.done;
                let what = format!("after {done} nothing came for {DUE:?}; due is {wanted}");
                return Err(Stop::breaks(what, next));
            }
            self.run(until, Until::FirstPacket)?;
        }
    }

    /// A packet that every receiver takes for one of this connection.
    fn read(&self, peer: &Peer, octets: &[u8]) -> Result<Segment, Stop> {
        let done = &self.done;
        let decoded = Packet::decode(octets).map_err(|error| {
            Stop::breaks(
                format!(
                    "after {done} came {} octets that are no IP packet: {error}",
                    octets.len()
                ),
                "Packets go as hex from the first octet of the IP header on, without any link \
                 header, and their length is that of the header.",
            )
        })?;
        if let Some(defect) = decoded.defects.first() {
            return Err(Stop::breaks(
                format!("after {done} came a packet with {defect}"),
                "The TCP checksum runs over the pseudo header (both addresses, a zero, protocol 6, \
                 length of the segment), the header with 0 in the checksum's place, and the text; \
                 that of IPv4 over its header alone. Both are the complement of the sum of 16-bit \
                 words in ones' complement, in network order.",
            ));
        }
        let segment = decoded.packet.segment();
        match segment.filter(|segment| peer.is_meant(&decoded.packet, segment)) {
            Some(segment) => Ok(segment.clone()),
            None => Err(Stop::breaks(
                format!(
                    "after {done} came a packet that is no segment from port {PORT} to the peer's"
                ),
                "Answer with addresses and ports turned round: source is what was destination.",
            )),
        }
    }
}
