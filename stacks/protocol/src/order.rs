//! Whether time in a stack's replies goes as it must, and whether packets come
//! in numbers that a TCP can have reason for.

use tcpspec_connector::{Clock, Reply, control};
use tcpspec_wire::Instant;

/// Packets in one instant that make a storm.
pub(crate) const STORM: usize = control::STORM;

/// The stack's time, as far as it has said.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Order {
    now: Instant,
}

impl Order {
    pub(crate) const fn now(self) -> Instant {
        self.now
    }

    /// Takes in a reply. `until` is how far time was to go, if it was.
    ///
    /// # Errors
    ///
    /// In words, if its times cannot be.
    pub(crate) fn check(
        &mut self,
        reply: &Reply,
        clock: Clock,
        until: Option<Instant>,
    ) -> Result<(), String> {
        let (before, now) = (self.now, reply.now);
        if now < before {
            return Err(format!("time went back from {before} to {now}"));
        }
        if clock == Clock::Virtual {
            let most = until.unwrap_or(before).max(before);
            if now > most {
                return Err(format!(
                    "time went on to {now}, and was let pass until {most}"
                ));
            }
            let mut last = before;
            for at in reply.tx.iter().map(|emitted| emitted.at) {
                if at < last || at > now {
                    return Err(format!("a packet left at {at}, between {last} and {now}"));
                }
                last = at;
            }
        }
        self.now = now;
        Ok(())
    }
}

/// Whether more packets left in one instant than any TCP has reason for.
pub(crate) fn is_storm(reply: &Reply) -> bool {
    let mut instants = reply.tx.chunk_by(|one, next| one.at == next.at);
    instants.any(|instant| instant.len() > STORM)
}
