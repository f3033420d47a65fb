//! How much of the traces is kept in memory: a run of a hundred thousand trials
//! leaves more of them than a reader has room for, or ever looks at.

use crate::trace::{Event, TraceEvent};
use crate::trial::Trial;
use crate::verdict::Verdict;

/// Room for traces. Trials that want an explanation have a share of their own,
/// so what passes never crowds them out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceRoom {
    explained: usize,
    others: usize,
}

/// Octets of each share: some twenty thousand trials.
const SHARE: usize = 64 << 20;

impl TraceRoom {
    /// Room for so many octets of traces in each share.
    #[must_use]
    pub const fn new(octets: usize) -> Self {
        Self {
            explained: octets,
            others: octets,
        }
    }

    /// Takes the trace from a trial for which there is no room any more.
    pub fn fit(&mut self, trial: &mut Trial) {
        let share = match trial.verdict {
            Verdict::Crash
            | Verdict::Stuck
            | Verdict::Fail
            | Verdict::Deviates
            | Verdict::Blocked
            | Verdict::Inconclusive => &mut self.explained,
            Verdict::Pass | Verdict::Skip => &mut self.others,
        };
        let said = trial.transcript.iter().flat_map(|said| &said.lines);
        let said: usize = said.map(String::len).sum();
        let octets = said + trial.trace.iter().map(size).sum::<usize>();
        match share.checked_sub(octets) {
            Some(left) => *share = left,
            None => (trial.trace, trial.transcript) = (Vec::new(), None),
        }
    }
}

impl Default for TraceRoom {
    fn default() -> Self {
        Self::new(SHARE)
    }
}

/// What an event takes in memory.
fn size(event: &TraceEvent) -> usize {
    let texts = match &event.event {
        Event::Packet {
            text, octets, note, ..
        } => text.len() + octets.len() + note.as_ref().map_or(0, String::len),
        Event::Wire {
            text,
            octets,
            did,
            note,
            ..
        } => text.len() + octets.len() + did.len() + note.as_ref().map_or(0, String::len),
        Event::Expected { text, when } => text.len() + when.len(),
        Event::App {
            call,
            result,
            octets,
        } => call.len() + result.len() + octets.as_ref().map_or(0, String::len),
        Event::State { state, .. } => state.len(),
        Event::Reason { why, .. } => why.len(),
        Event::Wait { .. } => 0,
    };
    size_of::<TraceEvent>() + texts
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::TraceRoom;
    use crate::trace::{Event, TraceEvent};
    use crate::trial::Trial;
    use crate::verdict::Verdict;
    use crate::{CaseId, IpVersion, Isn, TrialId};

    fn trial(verdict: Verdict) -> Trial {
        let id = TrialId {
            case: CaseId("closing/simultaneous".to_owned()),
            variant: String::new(),
            stack: "bundled".to_owned(),
            ip: IpVersion::V4,
            isn: Isn::Random,
            faults: String::new(),
            seed: 1,
        };
        let state = Event::State {
            state: "CLOSING".to_owned(),
            exact: true,
        };
        let (at, step) = (0, 1);
        let event = TraceEvent {
            at,
            step,
            event: state,
        };
        Trial {
            trace: vec![event; 10],
            ..Trial::unplayed(id, verdict, String::new())
        }
    }

    #[rstest]
    #[case::enough(1 << 20, &[Verdict::Pass, Verdict::Pass], &[10, 10])]
    #[case::for_one(1_500, &[Verdict::Pass, Verdict::Pass], &[10, 0])]
    #[case::shares(1_500, &[Verdict::Pass, Verdict::Fail, Verdict::Pass], &[10, 10, 0])]
    #[case::none(0, &[Verdict::Crash], &[0])]
    fn first_come_keep_their_traces(
        #[case] octets: usize,
        #[case] verdicts: &[Verdict],
        #[case] events: &[usize],
    ) {
        let mut room = TraceRoom::new(octets);
        let kept = verdicts.iter().map(|verdict| {
            let mut trial = trial(*verdict);
            room.fit(&mut trial);
            trial.trace.len()
        });
        assert_eq!(kept.collect::<Vec<_>>(), events);
    }
}
