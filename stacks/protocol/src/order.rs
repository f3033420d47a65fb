//! Whether time in a stack's replies goes as it must, and whether packets come
//! in numbers that a TCP can have reason for.

use tcpspec_connector::{Clock, Reply, Stop, control};
use tcpspec_wire::Instant;

/// Packets in one instant that make a storm.
pub(crate) const STORM: usize = control::STORM;

/// The stack's time, as far as it has said.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Order {
    now: Instant,
    /// Times in a row that it was let pass, and stood still.
    stood_still: usize,
}

impl Order {
    pub(crate) const fn now(self) -> Instant {
        self.now
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
        clock: Clock,
        run: Option<(Instant, Stop)>,
    ) -> Result<(), String> {
        let (before, now) = (self.now, reply.now);
        if now < before {
            return Err(format!("time went back from {before} to {now}"));
        }
        if clock == Clock::Virtual {
            let most = run.map_or(before, |(until, _)| until.max(before));
            if now > most {
                return Err(format!(
                    "time went on to {now}, and was let pass until {most}"
                ));
            }
            if !reply.late.is_zero() {
                let late = reply.late;
                return Err(format!("it was late by {late:?}, and its clock is virtual"));
            }
            let mut last = before;
            for at in reply.tx.iter().map(|emitted| emitted.at) {
                if at < last || at > now {
                    return Err(format!("a packet left at {at}, between {last} and {now}"));
                }
                last = at;
            }
            if let Some(at) = reply
                .states
                .iter()
                .map(|change| change.at)
                .find(|at| *at > now)
            {
                return Err(format!("a state changed at {at}, and it is {now}"));
            }
        }
        self.now = now;
        run.map_or(Ok(()), |run| self.check_end(before, run, reply))
    }

    /// Whether time went as far as it was let pass. A stack whose time stands still
    /// would be asked for ever.
    fn check_end(
        &mut self,
        before: Instant,
        (until, stop): (Instant, Stop),
        reply: &Reply,
    ) -> Result<(), String> {
        if reply.now >= until {
            self.stood_still = 0;
            return Ok(());
        }
        if !stop.is_met_by(reply) {
            let now = reply.now;
            return Err(format!(
                "time stopped at {now} for no reason, and was let pass until {until}"
            ));
        }
        self.stood_still = match reply.now > before {
            true => 0,
            false => self.stood_still + 1,
        };
        match self.stood_still {
            0..=STORM => Ok(()),
            _ => Err(format!("time stands still at {before}")),
        }
    }
}

/// Whether more packets left in one instant than any TCP has reason for.
pub(crate) fn is_storm(reply: &Reply) -> bool {
    let mut instants = reply.tx.chunk_by(|one, next| one.at == next.at);
    instants.any(|instant| instant.len() > STORM)
}
