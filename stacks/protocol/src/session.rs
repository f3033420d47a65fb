//! A process or connection, from its hello on.

use std::time::Duration;

use serde::de::DeserializeOwned;
use tcpspec_connector::{Clock, Hello, Reply, StackError, Stop};
use tcpspec_wire::Instant;

use crate::address::Address;
use crate::channel::{Channel, Trouble, quoted};
use crate::declaration::{Declaration, HelloLine, LONGEST_LINE};
use crate::drift::{Drift, Exchange};
use crate::order::Order;
use crate::transcript::Transcript;

/// One process, or one connection, from its hello on.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) channel: Channel,
    pub(crate) is_fresh: bool,
    pub(crate) order: Order,
    pub(crate) drift: Drift,
    /// Lines that have come.
    pub(crate) lines: usize,
    /// The number of the last request since it was opened: so the same trial is the
    /// same lines.
    number: u64,
}

impl Session {
    /// Nothing was said yet since the stack was opened.
    pub(crate) fn restart(&mut self) {
        self.is_fresh = false;
        self.number = 0;
        self.order = Order::default();
        self.drift = Drift::default();
    }

    /// The number of the next request.
    pub(crate) const fn next_number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    /// Takes in a reply. `run` says how far time was to go and what was to end
    /// that, if it was to go.
    ///
    /// # Errors
    ///
    /// In words, if its times cannot be.
    pub(crate) fn check(
        &mut self,
        reply: &Reply,
        hello: &Hello,
        run: Option<(Instant, Stop)>,
        exchange: Exchange,
    ) -> Result<(), String> {
        self.order.check(reply, hello.clock, run)?;
        match hello.clock {
            Clock::Virtual => Ok(()),
            Clock::Real => {
                let error = hello.profile.clock_error;
                self.drift.check(reply, exchange, error, run.is_some())
            }
        }
    }
}

/// A process or connection that has said hello.
pub(crate) fn begin(
    address: &Address,
    patience: Duration,
    transcript: &mut Transcript,
) -> Result<(Session, Declaration), StackError> {
    let unreachable = |error| StackError::Environment(format!("{address}: {error}"));
    let mut channel = Channel::open(address, LONGEST_LINE, patience).map_err(unreachable)?;
    let heard = match channel.hear(patience) {
        Ok(line) => {
            transcript.add('<', line);
            object(line)
                .and_then(HelloLine::meaning)
                .map_err(|why| format!("{} is no hello: {why}", quoted(line)))
        }
        Err(trouble) => {
            let error = unheard(&trouble, patience, &mut channel);
            channel.lose_patience();
            return Err(error);
        }
    };
    let declaration = match heard {
        Ok(declaration) => declaration,
        Err(why) => {
            channel.lose_patience();
            return Err(StackError::Connector(format!("line 1: {why}")));
        }
    };
    channel.limit(declaration.longest_line);
    let session = Session {
        channel,
        is_fresh: true,
        order: Order::default(),
        drift: Drift::default(),
        lines: 1,
        number: 0,
    };
    Ok((session, declaration))
}

/// Why there was no hello.
fn unheard(trouble: &Trouble, patience: Duration, channel: &mut Channel) -> StackError {
    let words = last_words(channel).unwrap_or_default();
    match trouble {
        Trouble::Ended(how) => StackError::Died(format!("{how} before it said hello{words}")),
        Trouble::Silent => StackError::Silent(format!(
            "by any hello within {patience:?} of real time{words}"
        )),
        Trouble::TooLong(most) => {
            StackError::Connector(format!("its hello is longer than {most} octets"))
        }
        Trouble::Unasked(said) | Trouble::More(said) => {
            StackError::Connector(format!("it said {said} without being asked"))
        }
        Trouble::System(error) => StackError::Environment(error.to_string()),
    }
}

/// A line as the object that it must be: serde takes a list of the fields for one.
pub(crate) fn object<T: DeserializeOwned>(line: &[u8]) -> Result<T, String> {
    match line.trim_ascii_start().first() {
        Some(b'[') => Err("it is no JSON object".to_owned()),
        _ => serde_json::from_slice(line).map_err(|error| error.to_string()),
    }
}

/// What the stack wrote last, for the end of a sentence.
pub(crate) fn last_words(channel: &mut Channel) -> Option<String> {
    let words = channel.last_words().pop()?;
    Some(format!("; it wrote last: {}", quoted(words.as_bytes())))
}
