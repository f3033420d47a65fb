//! Playing a duel to its end.

use std::time::Duration;

use tcpspec_connector::{CallError, Next, StackError, StackUnderTest};
use tcpspec_link::{End as LinkEnd, Link};
use tcpspec_wire::{Instant, State};
use tcpspec_witness::Witness;

use crate::outcome::{Ended, Failure, Outcome, name};
use crate::side::Side;
use crate::terms::Terms;

/// How long a stack on a real clock is left alone at most: the other one may be
/// such a stack too, and cannot be waited for at the same time.
const SLICE: Duration = Duration::from_millis(1);

/// Joins two stacks by `link` and plays until both are done, or something is
/// wrong. The left stack opens actively.
pub fn duel(
    left: &mut dyn StackUnderTest,
    right: &mut dyn StackUnderTest,
    link: Link,
    terms: &Terms,
) -> Outcome {
    let sides = match open(left, right, terms) {
        Ok(sides) => sides,
        Err((end, error)) => {
            return Outcome {
                ended: Ended::Broken { end, error },
                ends: Default::default(),
                delivered: None,
                at: Instant::ZERO,
                findings: Vec::new(),
                tally: link.tally().clone(),
                happened: Vec::new(),
            };
        }
    };
    let mut duel = Duel {
        sides,
        link,
        witness: Witness::default(),
        terms,
        packets: 0,
        delivered: None,
        now: Instant::ZERO,
    };
    let ended = duel.play();
    duel.outcome(ended)
}

/// A stack that could not be driven, and the end at which it is.
type Broken = (usize, StackError);

fn open<'a>(
    left: &'a mut dyn StackUnderTest,
    right: &'a mut dyn StackUnderTest,
    terms: &Terms,
) -> Result<[Side<'a>; 2], Broken> {
    let left = Side::open(left, 0, terms).map_err(|error| (0, error))?;
    let right = Side::open(right, 1, terms).map_err(|error| (1, error))?;
    Ok([left, right])
}

struct Duel<'a> {
    sides: [Side<'a>; 2],
    link: Link,
    witness: Witness,
    terms: &'a Terms,
    packets: u64,
    delivered: Option<Instant>,
    now: Instant,
}

impl Duel<'_> {
    fn play(&mut self) -> Ended {
        match self.begin().and_then(|begun| match begun {
            Some(ended) => Ok(ended),
            None => self.go_on(),
        }) {
            Ok(ended) => ended,
            Err((end, error)) => Ended::Broken { end, error },
        }
    }

    /// The right end listens, then the left one connects.
    fn begin(&mut self) -> Result<Option<Ended>, Broken> {
        for end in [1, 0] {
            let told = self.sides[end].begin(self.terms);
            let told = told.map_err(|error| (end, error))?;
            let verb = if end == 0 { "connect" } else { "listen" };
            if let Err(error) = told
                && error != CallError::Again
            {
                return Ok(Some(Ended::Badly(Failure::Call { end, verb, error })));
            }
        }
        Ok(None)
    }

    fn go_on(&mut self) -> Result<Ended, Broken> {
        loop {
            for end in [0, 1] {
                let acted = self.sides[end].act().map_err(|error| (end, error))?;
                if let Err(failure) = acted {
                    return Ok(self.blame(failure));
                }
            }
            self.forward();
            if let Some(ended) = self.ended() {
                return Ok(ended);
            }
            if !self.arrive()? {
                self.advance()?;
            }
        }
    }

    /// What the stacks have emitted goes on the link, in the order of time.
    fn forward(&mut self) {
        for (end, from) in LinkEnd::BOTH.into_iter().enumerate() {
            if self.sides[end].state == Some(State::Closed) {
                self.witness.closed(end);
            }
            for (at, packet) in std::mem::take(&mut self.sides[end].emitted) {
                self.packets += 1;
                self.witness.sent(end, at, &packet);
                self.link.send(from, at, packet);
            }
        }
    }

    /// What has arrived by now goes to the stacks; whether there was anything.
    fn arrive(&mut self) -> Result<bool, Broken> {
        let mut any = false;
        while let Some(arrival) = self.link.receive(self.now) {
            any = true;
            let end = usize::from(arrival.to == LinkEnd::Right);
            self.witness.arrived(end, &arrival.octets);
            let delivered = self.sides[end].deliver(arrival.octets);
            delivered.map_err(|error| (end, error))?;
            self.forward();
        }
        Ok(any)
    }

    /// Time passes until the next thing happens. Stacks on real clocks say how
    /// late it is; the others follow.
    fn advance(&mut self) -> Result<(), Broken> {
        let until = self.next_event();
        let [real, others]: [Vec<usize>; 2] = {
            let (real, others) = [0, 1]
                .into_iter()
                .partition(|end| self.sides[*end].is_real());
            [real, others]
        };
        let many = real.len() > 1;
        for end in real {
            let until = if many {
                until.min(self.now + SLICE)
            } else {
                until
            };
            self.pass(end, until)?;
            self.now = self.now.max(self.sides[end].now);
        }
        if others.len() == 2 {
            self.now = self.now.max(until);
        }
        for end in others {
            self.pass(end, self.now)?;
        }
        Ok(())
    }

    fn pass(&mut self, end: usize, until: Instant) -> Result<(), Broken> {
        self.sides[end].pass(until).map_err(|error| (end, error))
    }

    /// The next arrival, or the next deadline of a stack, or the end of all
    /// patience.
    fn next_event(&self) -> Instant {
        let deadline = |side: &Side<'_>| match side.next {
            Next::At(at) => Some(at),
            Next::Never => None,
            Next::Unknown => (!side.is_real()).then(|| self.now + SLICE),
        };
        let deadlines = self.sides.iter().filter_map(deadline);
        let events = deadlines.chain(self.link.next_arrival());
        let end = Instant::ZERO + self.terms.patience;
        events.fold(end, Instant::min).max(self.now)
    }

    /// Whether it is over, and how.
    fn ended(&mut self) -> Option<Ended> {
        let has_all = self.sides.iter().all(|side| side.application.has_all());
        if has_all && self.delivered.is_none() {
            self.delivered = Some(self.now);
        }
        if self.sides.iter().all(is_over) && self.link.next_arrival().is_none() {
            return Some(Ended::Well);
        }
        if self.packets > self.terms.packets {
            let failure = Failure::Endless(self.terms.packets, self.standing());
            return Some(Ended::Badly(failure));
        }
        let patience = self.terms.patience;
        let stuck = || Failure::Stuck(patience, self.standing());
        (self.now >= Instant::ZERO + patience).then(|| self.blame(stuck()))
    }

    /// How both ends stand, for a sentence.
    fn standing(&self) -> String {
        let standing = |(end, side): (usize, &Side<'_>)| {
            let state = side
                .state
                .map_or_else(|| "unknown".to_owned(), |state| state.to_string());
            let [sent, read] = [side.application.sent, side.application.read];
            format!("{} in {state}, sent {sent}, read {read}", name(end))
        };
        let standings: Vec<String> = self.sides.iter().enumerate().map(standing).collect();
        standings.join("; ")
    }

    /// Whose fault it is: none of the stacks', if one of them had tried for as
    /// long as it has to. The other one may have been told of that, or not.
    fn blame(&self, failure: Failure) -> Ended {
        let is_broken = matches!(failure, Failure::Octet { .. } | Failure::Surplus { .. });
        let mut sides = self.sides.iter().enumerate();
        let given_up = sides.find_map(|(end, side)| Some((end, side.has_given_up()?)));
        match given_up {
            Some((end, silence)) if !is_broken => Ended::GaveUp { end, silence },
            _ => Ended::Badly(failure),
        }
    }

    fn outcome(self, ended: Ended) -> Outcome {
        Outcome {
            ended,
            ends: self.sides.each_ref().map(Side::end),
            delivered: self.delivered,
            at: self.now,
            findings: self.witness.findings().to_vec(),
            tally: self.link.tally().clone(),
            happened: self.link.happened().to_vec(),
        }
    }
}

/// Whether the application is done, and nothing is left of the connection but
/// what waits for old duplicates. Of a stack that shows no states the
/// application has to do.
fn is_over(side: &Side<'_>) -> bool {
    let settled = matches!(
        side.state,
        None | Some(State::Closed | State::TimeWait | State::Listen)
    );
    side.application.is_done() && settled
}
