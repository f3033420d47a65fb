//! Why trials did not pass, in a few lines: those that differ in the same way
//! from the same rule in the same class of states stand together, and what
//! could not be played stands behind what blocked it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use tcpspec_record::{CaseId, CaseInfo, Failure, Requirement, RequirementId, Trial, Verdict};
use tcpspec_wire::State;

use super::moment::{Moment, begins_in};
use super::{Steps, Variant};

/// So many lines are read before they begin to blur.
const LINES: usize = 10;

/// Trials that share a cause.
#[derive(Clone, Debug)]
pub struct Cause<'a> {
    /// What names it in a link: the same as long as the report is.
    pub id: String,
    /// What they have in common.
    pub traits: Traits,
    /// The first of them, whose sentence stands for all.
    pub example: &'a Trial,
    /// How many trials on which stack.
    pub stacks: BTreeMap<&'a str, usize>,
    /// The rules at stake.
    pub rules: BTreeSet<RequirementId>,
    /// The variants, in order.
    pub variants: BTreeSet<String>,
    /// How many trials.
    pub trials: usize,
}

/// What the trials of a cause have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Traits {
    /// Whether a baseline expects it, or the departure is tolerated.
    pub expected: bool,
    /// How they ended.
    pub verdict: Verdict,
    /// What differs.
    pub differs: Differs,
    /// The class of the state in which it did.
    pub states: Option<StateClass>,
    /// The rule, as closely as there is room for; empty for any.
    pub rule: String,
    /// The prelude that failed, if that is why.
    pub blocked_by: Option<CaseId>,
}

/// What differs from what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Differs {
    /// A segment is due, and nothing came.
    Missing,
    /// A segment came where nothing is allowed.
    Unasked,
    /// These fields.
    Fields(Vec<String>),
    /// The stack took what a case tolerates, and no field is at fault.
    Choice,
    /// There is no more than a reason.
    Unknown,
}

/// States that are alike in what a connection can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StateClass {
    /// CLOSED.
    Closed,
    /// Before the handshake is over.
    Opening,
    /// The stack may send text.
    Open,
    /// The stack has closed.
    Closing,
}

impl StateClass {
    /// The class of a state.
    #[must_use]
    pub const fn of(state: State) -> Self {
        match state {
            State::Closed => Self::Closed,
            State::Listen | State::SynSent | State::SynReceived => Self::Opening,
            State::Established | State::CloseWait => Self::Open,
            State::FinWait1
            | State::FinWait2
            | State::Closing
            | State::LastAck
            | State::TimeWait => Self::Closing,
        }
    }

    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Opening => "opening",
            Self::Open => "open",
            Self::Closing => "closing",
        }
    }

    /// In a few words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Closed => "in CLOSED",
            Self::Opening => "before the handshake is over",
            Self::Open => "while the connection is open",
            Self::Closing => "after the stack has closed",
        }
    }
}

impl fmt::Display for Differs {
    /// What happened, as the beginning of a sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("No segment where one is due"),
            Self::Unasked => f.write_str("A segment where none is allowed"),
            Self::Fields(fields) => write!(f, "Wrong {}", fields.join(", ")),
            Self::Choice => f.write_str("What is tolerated, and not what is asked for"),
            Self::Unknown => f.write_str("No answer"),
        }
    }
}

impl Differs {
    fn of(trial: &Trial) -> Self {
        let Some(failure) = &trial.failure else {
            return match trial.verdict {
                Verdict::Deviates => Self::Choice,
                Verdict::Crash
                | Verdict::Stuck
                | Verdict::Fail
                | Verdict::Blocked
                | Verdict::Inconclusive
                | Verdict::Skip
                | Verdict::Pass => Self::Unknown,
            };
        };
        let fields: BTreeSet<&str> = failure.delta.iter().map(|delta| &*delta.field).collect();
        match failure {
            Failure { got, .. } if got.is_empty() => Self::Missing,
            _ if fields.contains("segment") => Self::Unasked,
            _ if fields.is_empty() => Self::Unknown,
            _ => Self::Fields(fields.into_iter().map(str::to_owned).collect()),
        }
    }

    /// For a link.
    fn word(&self) -> String {
        match self {
            Self::Missing => "missing".to_owned(),
            Self::Unasked => "unasked".to_owned(),
            Self::Fields(fields) => fields.join("+"),
            Self::Choice => "choice".to_owned(),
            Self::Unknown => "unknown".to_owned(),
        }
    }
}

impl Traits {
    /// A link's name for it.
    fn id(&self) -> String {
        let mut words = vec![self.verdict.word().to_owned(), self.differs.word()];
        words.extend(self.states.map(|states| states.word().to_owned()));
        words.extend(self.blocked_by.as_ref().map(|by| by.0.clone()));
        words.extend(Some(self.rule.clone()).filter(|rule| !rule.is_empty()));
        words.extend(self.expected.then(|| "expected".to_owned()));
        words.join("~").replace(' ', "-")
    }
}

/// How closely causes are told apart.
#[derive(Clone, Copy)]
enum Grain {
    /// By rule, whatever the state.
    Rule,
    /// By section.
    Section,
    /// By RFC.
    Rfc,
    /// By the class of states alone.
    States,
    /// By neither.
    Any,
}

/// A trial to be put to its like.
struct Mark<'a> {
    trial: &'a Trial,
    variant: String,
    rule: Option<RequirementId>,
    /// All but the rule.
    traits: Traits,
}

/// The causes, the most frequent first; then what could not be played, then
/// what is expected. Each of the three is named as closely as it fits.
pub(super) fn causes<'a>(variants: &[Variant<'a>], requirements: &[Requirement]) -> Vec<Cause<'a>> {
    let sections = requirements.iter();
    let sections: Sections<'_> = sections.map(|rule| (&rule.id, &*rule.section)).collect();
    let mut parts: BTreeMap<Part, Vec<Mark<'a>>> = BTreeMap::new();
    for variant in variants {
        for trial in variant.trials().filter(|trial| is_ailing(trial)) {
            let mark = mark(trial, variant);
            parts.entry(Part::of(&mark.traits)).or_default().push(mark);
        }
    }
    let parts = parts.into_values();
    parts.flat_map(|marks| lines(&marks, &sections)).collect()
}

/// Of these causes, that of a trial.
pub(super) fn find<'c, 'a>(
    causes: &'c [Cause<'a>],
    variant: &Variant<'_>,
    trial: &Trial,
) -> Option<&'c Cause<'a>> {
    let mark = is_ailing(trial).then(|| mark(trial, variant))?;
    let rule = mark.rule.as_ref();
    causes.iter().find(|cause| {
        let of_cause = &cause.traits;
        let traits = Traits {
            rule: of_cause.rule.clone(),
            states: mark.traits.states.filter(|_| of_cause.states.is_some()),
            ..mark.traits.clone()
        };
        traits == *of_cause && rule.is_none_or(|rule| cause.rules.contains(rule))
    })
}

/// Where rules stand.
type Sections<'r> = BTreeMap<&'r RequirementId, &'r str>;

/// What is read by itself; in this order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Unexpected,
    Blocked,
    Expected,
}

impl Part {
    fn of(traits: &Traits) -> Self {
        match traits.verdict {
            _ if traits.expected => Self::Expected,
            Verdict::Blocked => Self::Blocked,
            Verdict::Crash
            | Verdict::Stuck
            | Verdict::Fail
            | Verdict::Deviates
            | Verdict::Inconclusive
            | Verdict::Skip
            | Verdict::Pass => Self::Unexpected,
        }
    }
}

/// Few lines, if that can be.
fn lines<'a>(marks: &[Mark<'a>], sections: &Sections<'_>) -> Vec<Cause<'a>> {
    let grains = Grain::ALL.into_iter();
    let mut tries = grains.map(|grain| group(marks, grain, sections));
    let few = tries.find(|causes| causes.len() <= LINES);
    let mut causes = few.unwrap_or_else(|| group(marks, Grain::Any, sections));
    causes.sort_by_key(|cause| Reverse(cause.trials));
    causes
}

const fn is_ailing(trial: &Trial) -> bool {
    match trial.verdict {
        Verdict::Crash
        | Verdict::Stuck
        | Verdict::Fail
        | Verdict::Deviates
        | Verdict::Blocked
        | Verdict::Inconclusive => true,
        Verdict::Skip | Verdict::Pass => false,
    }
}

fn mark<'a>(trial: &'a Trial, variant: &Variant<'_>) -> Mark<'a> {
    let blocked = trial.verdict == Verdict::Blocked;
    let info = &variant.info;
    Mark {
        trial,
        variant: variant.id(),
        rule: rule(trial, info).filter(|_| !blocked),
        traits: Traits {
            expected: trial.known.is_some() || trial.verdict == Verdict::Deviates,
            verdict: trial.verdict,
            differs: Differs::of(trial),
            states: state(trial, variant.steps())
                .filter(|_| !blocked)
                .map(StateClass::of),
            rule: String::new(),
            blocked_by: blocked.then(|| prelude(trial, variant.steps())).flatten(),
        },
    }
}

fn rule(trial: &Trial, info: &CaseInfo) -> Option<RequirementId> {
    let failed = trial
        .failure
        .as_ref()
        .and_then(|failure| failure.claim.as_ref());
    failed.or_else(|| info.claims.first()).cloned()
}

/// The state in which the trial broke; that in which the case begins, if it
/// cannot be told.
fn state(trial: &Trial, steps: Steps<'_>) -> Option<State> {
    let moments = Moment::all(trial, steps);
    let broken = moments.iter().rfind(|moment| moment.broken);
    broken
        .map(|moment| moment.state)
        .or_else(|| begins_in(steps))
}

/// The prelude that broke a trial: that of the step, or that which the case
/// begins with.
fn prelude(trial: &Trial, steps: Steps<'_>) -> Option<CaseId> {
    let step = trial
        .failure
        .as_ref()
        .and_then(|failure| steps.get(failure.step));
    let of_step = step.and_then(|step| step.from.as_ref());
    of_step.or_else(|| steps.prelude()).cloned()
}

fn group<'a>(marks: &[Mark<'a>], grain: Grain, sections: &Sections<'_>) -> Vec<Cause<'a>> {
    let mut causes: BTreeMap<Traits, Cause<'a>> = BTreeMap::new();
    for mark in marks {
        let rule = mark.rule.as_ref();
        let traits = Traits {
            rule: rule.map_or_else(String::new, |rule| grain.of(rule, sections)),
            states: mark.traits.states.filter(|_| grain.has_states()),
            ..mark.traits.clone()
        };
        let cause = causes.entry(traits.clone()).or_insert_with(|| Cause {
            id: traits.id(),
            traits,
            example: mark.trial,
            stacks: BTreeMap::new(),
            rules: BTreeSet::new(),
            variants: BTreeSet::new(),
            trials: 0,
        });
        *cause.stacks.entry(&mark.trial.id.stack).or_default() += 1;
        cause.rules.extend(mark.rule.clone());
        cause.variants.insert(mark.variant.clone());
        cause.trials += 1;
    }
    causes.into_values().collect()
}

impl Grain {
    /// From the finest on.
    const ALL: [Self; 5] = [
        Self::Rule,
        Self::Section,
        Self::Rfc,
        Self::States,
        Self::Any,
    ];

    const fn has_states(self) -> bool {
        match self {
            Self::Rule | Self::Section | Self::Rfc | Self::States => true,
            Self::Any => false,
        }
    }

    fn of(self, rule: &RequirementId, sections: &Sections<'_>) -> String {
        let stem = rule.0.split('/').next().unwrap_or_default();
        match (self, sections.get(rule)) {
            (Self::Rule, _) | (Self::Section, None) => stem.to_owned(),
            (Self::Section, Some(section)) => format!("RFC {} section {section}", rule.rfc()),
            (Self::Rfc, _) => format!("RFC {}", rule.rfc()),
            (Self::States | Self::Any, _) => String::new(),
        }
    }
}
