//! A checked case.

use std::collections::BTreeSet;

use tcpspec_link::Kind;
use tcpspec_record::id::variant_id;
use tcpspec_record::{CaseId, Level, RequirementId};
use tcpspec_wire::Need;

use crate::segment::SegmentPattern;
use crate::step::{Action, InfoCheck, Step};

/// A case file: one or more variants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its path under `cases/` without the extension.
    pub id: CaseId,
    /// Words to select it by, besides its id.
    pub tags: Vec<String>,
    /// Version of tcpspec that brought it.
    pub since: Option<String>,
    /// One for each combination of axis values; exactly one without a matrix.
    pub variants: Vec<Variant>,
}

/// A case with its axes fixed: what is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// The case.
    pub case: CaseId,
    /// Axis values in the order of the matrix: `at=left,state=closing`. Empty
    /// without a matrix.
    pub name: String,
    /// One line.
    pub title: String,
    /// What it shows and why.
    pub purpose: String,
    /// How strongly what it checks binds.
    pub level: Level,
    /// Requirements it decides; all are in the catalogue.
    pub claims: Vec<RequirementId>,
    /// What the stack has to be able to do, preludes and verbs included.
    pub needs: BTreeSet<Need>,
    /// What must not come at any time.
    pub never: Vec<SegmentPattern>,
    /// Whether the standing tolerances are off.
    pub strict: bool,
    /// Trouble on the link under which it still holds; nothing is known of it
    /// if there is none.
    pub tolerates: BTreeSet<Kind>,
    /// Whether the peer goes on until it has come through, and steps ask for what
    /// has come in the end.
    pub lenient: bool,
    /// How the peer behaves where no step says otherwise.
    pub peer: PeerParams,
    /// Where the two sides' numbers begin.
    pub numbering: Numbering,
    /// Steps, preludes and fragments included.
    pub steps: Vec<Step>,
    /// Link and one sentence, where the requirement is disputed.
    pub disputed: Option<String>,
}

impl Variant {
    /// Case and axis values: `reset/in-closing@at=left`.
    #[must_use]
    pub fn id(&self) -> String {
        variant_id(&self.case, &self.name)
    }

    /// What the steps look at of what a stack shows of itself. A stack that
    /// does not show all of it cannot play the case.
    pub fn info(&self) -> impl Iterator<Item = &InfoCheck> {
        self.steps.iter().flat_map(|step| match &step.action {
            Action::SutInfo(checks) => checks.as_slice(),
            _ => &[],
        })
    }

    /// How much text the link's packets have to carry for the stack to be able
    /// to send what the case expects of it, as far as numbers stand there.
    #[must_use]
    pub fn room(&self) -> i64 {
        let steps = self.steps.iter().filter_map(|step| match &step.action {
            Action::Sut(alternatives) => {
                let each = alternatives.iter().map(|one| {
                    let segments = one.segments.iter();
                    segments.map(SegmentPattern::room).max().unwrap_or(0)
                });
                each.min()
            }
            _ => None,
        });
        steps.max().unwrap_or(0)
    }
}

/// How the peer behaves where no step says otherwise (`params:`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerParams {
    /// Its initial sequence number; drawn from the trial's seed if not given.
    pub iss: Option<u32>,
    /// The MSS option on its SYN; the link's MTU less headers if not given.
    pub mss: Option<u16>,
    /// The window it announces.
    pub window: u16,
    /// The shift of the window scale option on its SYN; none if not given.
    pub window_scale: Option<u8>,
    /// TSval of the timestamps option on its SYN; none if not given.
    pub timestamp: Option<u32>,
    /// Whether its SYN permits SACK.
    pub sack: bool,
    /// Backlog with which the stack listens.
    pub backlog: u16,
}

impl Default for PeerParams {
    fn default() -> Self {
        Self {
            iss: None,
            mss: None,
            window: u16::MAX,
            window_scale: None,
            timestamp: None,
            sack: false,
            backlog: 8,
        }
    }
}

/// The number by which each side's SYN is written (`numbering:`): 0 unless a
/// case follows a drawing that begins elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbering {
    /// The peer's SYN.
    pub peer: u32,
    /// The stack's SYN.
    pub sut: u32,
}
