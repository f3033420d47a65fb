//! FIN-WAIT-2 without a user. The RFC has no timer there: a peer that never
//! sends its FIN would hold the connection of an application that is long gone
//! for ever.

use tcpspec_wire::Instant;

use crate::config::Config;
use crate::connection::{Connection, Context, Owner};
use crate::error::End;
use crate::phase::{Event, Phase};

impl Connection {
    /// When an orphan in FIN-WAIT-2 is given up.
    pub(crate) fn orphan_deadline(&self, config: &Config) -> Option<Instant> {
        let is_orphan = self.owner == Owner::Nobody && matches!(self.phase, Phase::FinWait2 { .. });
        is_orphan.then(|| self.quiet_since + config.fin_wait_2)
    }

    /// Gives an orphan up whose peer has been silent for too long.
    pub(crate) fn orphan_on_time(&mut self, cx: &mut Context<'_>) {
        let deadline = self.orphan_deadline(cx.config);
        if deadline.is_some_and(|at| at <= cx.now) {
            self.transition(cx, Event::Delete(End::Timeout));
        }
    }
}
