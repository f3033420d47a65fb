//! A case file as it is written, before anything in it is understood. These
//! types are the one description of the keys: reading goes by them, and so
//! does the JSON Schema for editors.

mod sweep;
mod value;
mod words;

use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) use sweep::{Event, EventsFile, Row, SweepFile};
pub(crate) use value::{Entries, Field, Items, Placed, Text, read};

/// A case: one file, one or more variants.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaseFile {
    /// One line that says what is shown.
    pub(crate) title: Field<Text>,
    /// What the case shows and why that matters, in a few sentences.
    pub(crate) purpose: Field<Text>,
    /// How strongly what it checks binds the stack.
    #[schemars(with = "words::LevelWord")]
    pub(crate) level: Field<Text>,
    /// Ids of the requirements it decides, as in cases/requirements.
    pub(crate) claims: Field<OneOrMany>,
    /// What the stack has to be able to do, besides what the calls need.
    #[serde(default)]
    #[schemars(with = "words::OneOrMany<words::NeedWord>")]
    pub(crate) needs: Field<OneOrMany>,
    /// The prelude that comes first: `established` means preludes/established.
    #[serde(default)]
    pub(crate) from: Field<Text>,
    /// Axes with named values; the variants are all combinations. `$axis` puts
    /// a value (or the name of one with fields), `$axis.field` a field of it,
    /// into any text.
    #[serde(default)]
    pub(crate) matrix: Field<Entries<Entries<AxisValue>>>,
    /// How the peer behaves where no step says otherwise.
    #[serde(default)]
    pub(crate) params: Field<Params>,
    /// The number by which each side's SYN is written; 0 if not given.
    #[serde(default)]
    pub(crate) numbering: Field<NumberingMap>,
    /// Segments that must not come at any time.
    #[serde(default)]
    pub(crate) never: Field<OneOrMany>,
    /// Whether the standing tolerances are off.
    #[serde(default)]
    #[schemars(with = "bool")]
    pub(crate) strict: Field<Text>,
    /// Whether the peer repeats what is lost until it has come through, and steps
    /// ask for what has come in the end, however and whenever.
    #[serde(default)]
    #[schemars(with = "bool")]
    pub(crate) lenient: Field<Text>,
    /// Trouble on the link under which the case still holds.
    #[serde(default)]
    #[schemars(with = "words::OneOrMany<words::FaultWord>")]
    pub(crate) tolerates: Field<OneOrMany>,
    /// Words to select the case by.
    #[serde(default)]
    pub(crate) tags: Field<OneOrMany>,
    /// A link and one sentence, where the requirement is disputed.
    #[serde(default)]
    pub(crate) disputed: Field<Text>,
    /// The version of tcpspec that brought the case.
    #[serde(default)]
    pub(crate) since: Field<Text>,
    /// What happens, in order.
    pub(crate) steps: Field<Items<Placed<RawStep>>>,
}

/// Steps that several cases share.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FragmentFile {
    /// Names that `use` gives values to.
    #[serde(default)]
    pub(crate) with: Field<OneOrMany>,
    /// What happens, in order.
    pub(crate) steps: Field<Items<Placed<RawStep>>>,
}

/// One text, or a list of texts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(untagged)]
pub(crate) enum OneOrMany {
    /// One.
    Text(Text),
    /// Several.
    List(Items<Text>),
}

impl OneOrMany {
    pub(crate) fn as_slice(&self) -> &[Text] {
        match self {
            Self::Text(text) => std::slice::from_ref(text),
            Self::List(Items(list)) => list,
        }
    }
}

/// A value of an axis: a word or number, or named fields. The fields `needs`,
/// `claims` and `level` belong to the variant itself.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(untagged)]
pub(crate) enum AxisValue {
    /// `$axis` stands for it.
    Text(Text),
    /// `$axis.field` stands for one of them.
    Map(Entries<OneOrMany>),
}

/// How the peer behaves where no step says otherwise.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Params {
    /// Its initial sequence number; drawn from the seed if not given.
    pub(crate) iss: Field<Text>,
    /// The MSS option on its SYN; what the link takes if not given.
    pub(crate) mss: Field<Text>,
    /// The window it announces; 65535 if not given.
    pub(crate) win: Field<Text>,
    /// The shift of the window scale option on its SYN; no option if not given.
    pub(crate) ws: Field<Text>,
    /// TSval of the timestamps option on its SYN; no option if not given.
    pub(crate) ts: Field<Text>,
    /// Whether its SYN permits SACK; false if not given.
    #[schemars(with = "bool")]
    pub(crate) sack: Field<Text>,
    /// The backlog with which the stack listens; 8 if not given.
    pub(crate) backlog: Field<Text>,
}

/// The number by which each side's SYN is written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NumberingMap {
    /// The peer's.
    pub(crate) peer: Field<Text>,
    /// The stack's.
    pub(crate) sut: Field<Text>,
}

/// A step: one action, and what stands beside it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawStep {
    /// The application makes a call: `VERB [k=v] [expect OUTCOME|OUTCOME]`.
    pub(crate) app: Field<Text>,
    /// The peer sends this segment.
    pub(crate) peer: Field<Text>,
    /// Somebody tells the stack that a segment of it could not be delivered:
    /// `KIND [quote=last|LABEL] [from=router] [mtu=] [pointer=] [seq=]
    /// [sport=] [dport=] [len=]`.
    pub(crate) icmp: Field<Text>,
    /// Something happens to packets on the link from here on: `FAULT [ARGUMENT]
    /// [next|every|2nd|first N] [any|SYN|SYN+ACK|FIN|RST|data|ACK|repeat|ICMP]
    /// [from=peer|sut]`; faults are drop, dup, delay, jitter, reorder, corrupt,
    /// corrupt-silently, truncate, fragment, mtu, down, up and replay.
    pub(crate) wire: Field<Text>,
    /// The stack sends this segment, or what one of several ways says.
    pub(crate) sut: Field<Expectation>,
    /// Nothing at all comes for so long.
    pub(crate) quiet: Field<Text>,
    /// Time passes.
    pub(crate) wait: Field<Text>,
    /// So much time has passed at once, and the stack learns of it only then.
    pub(crate) leap: Field<Text>,
    /// The connection exists no more.
    pub(crate) gone: Field<Gone>,
    /// Counters and fields that the stack shows of itself, each with what it
    /// has to be: `2`, `1..3`, `"!0"`, or by how much it has grown in this
    /// trial: `+1`, `+1..3`.
    #[serde(rename = "sut-info")]
    pub(crate) sut_info: Field<Placed<Entries<Text>>>,
    /// Steps that come several times.
    pub(crate) repeat: Field<Placed<RepeatMap>>,
    /// Steps of a fragment of cases/fragments.
    pub(crate) r#use: Field<Use>,
    /// The connection that the step is about, by a name of the case's own;
    /// without it the first one.
    pub(crate) on: Field<Text>,
    /// The stack's state after the step, or the exact list of changes since
    /// the last `state`.
    #[schemars(with = "words::OneOrMany<words::StateWord>")]
    pub(crate) state: Field<OneOrMany>,
    /// A name for this step's segment and moment.
    pub(crate) r#as: Field<Text>,
    /// `D` or `[lo, hi]`: bounds in time, from the end of the step before.
    pub(crate) within: Field<OneOrMany>,
    /// The time at which it comes; as much later as the stack may be late.
    pub(crate) at: Field<Text>,
    /// Segments that must not come until this step ends.
    pub(crate) never: Field<OneOrMany>,
    /// The requirement that this very step decides.
    pub(crate) claim: Field<Text>,
    /// The sentence for the reader: why this has to be so.
    pub(crate) why: Field<Text>,
    /// A remark in the ladder.
    pub(crate) note: Field<Text>,
    /// A likely cause, if the step breaks.
    pub(crate) hint: Field<Text>,
}

/// Steps that come several times.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RepeatMap {
    /// How often. `$i` is the number of the round, from 0.
    pub(crate) times: Field<Text>,
    /// What happens in each round, in order.
    pub(crate) steps: Field<Items<Placed<RawStep>>>,
}

/// What the stack is expected to send: a segment, or one of several ways.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(untagged)]
pub(crate) enum Expectation {
    /// `FLAGS [seq=] [ack=] [len=|data=] [win=] [urg=] [<options>]`
    Text(Text),
    /// Exactly one of these keys.
    Map(Placed<Ways>),
}

/// Exactly one of these keys.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Ways {
    /// Any one of these.
    pub(crate) one_of: Field<Items<Branch>>,
    /// All of these, in any order.
    pub(crate) all_of: Field<Items<Text>>,
    /// These, in this order.
    pub(crate) sequence: Field<Items<Text>>,
}

/// One of several ways.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(untagged)]
pub(crate) enum Branch {
    /// A segment.
    Text(Text),
    /// More than a segment.
    Map(Placed<BranchMap>),
}

/// Exactly one of `segment`, `sequence`, `all_of` and `quiet`, and what stands
/// beside it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BranchMap {
    /// This segment.
    pub(crate) segment: Field<Text>,
    /// These segments, in this order.
    pub(crate) sequence: Field<Items<Text>>,
    /// All of these segments, in any order.
    pub(crate) all_of: Field<Items<Text>>,
    /// Nothing comes for so long.
    pub(crate) quiet: Field<Text>,
    /// The stack's state after this way.
    #[schemars(with = "words::OneOrMany<words::StateWord>")]
    pub(crate) state: Field<OneOrMany>,
    /// A name under which the report says that this way was seen.
    pub(crate) tag: Field<Text>,
    /// `deviates`: tolerated, but it departs from the requirement.
    #[schemars(with = "words::VerdictWord")]
    pub(crate) verdict: Field<Text>,
}

/// When the connection is gone: `now`, or bounds in time.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(untagged)]
pub(crate) enum Gone {
    /// `now`
    #[schemars(with = "words::NowWord")]
    Text(Text),
    /// Bounds, or several ways.
    Map(Placed<GoneMap>),
}

/// Exactly one of `at`, `within` and `one_of`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct GoneMap {
    /// At this time; as much later as the stack may be late.
    pub(crate) at: Field<Text>,
    /// `D` or `[lo, hi]`, from the end of the step before.
    pub(crate) within: Field<OneOrMany>,
    /// Any one of these.
    pub(crate) one_of: Field<Items<Placed<GoneBranchMap>>>,
}

/// `at` or `within`, and what stands beside it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct GoneBranchMap {
    /// At this time; as much later as the stack may be late.
    pub(crate) at: Field<Text>,
    /// `D` or `[lo, hi]`, from the end of the step before.
    pub(crate) within: Field<OneOrMany>,
    /// A name under which the report says that this way was seen.
    pub(crate) tag: Field<Text>,
    /// `deviates`: tolerated, but it departs from the requirement.
    #[schemars(with = "words::VerdictWord")]
    pub(crate) verdict: Field<Text>,
}

/// A fragment: its name under cases/fragments, with values if it takes any.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(untagged)]
pub(crate) enum Use {
    /// The name.
    Text(Text),
    /// Name and values.
    Map(Placed<UseMap>),
}

/// A fragment with values.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UseMap {
    /// The name.
    pub(crate) fragment: Field<Text>,
    /// Values for the names that the fragment takes.
    #[serde(default)]
    pub(crate) with: Field<Entries<Text>>,
}
