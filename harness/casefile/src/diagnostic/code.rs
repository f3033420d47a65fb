//! The table of codes. A code is never given to another complaint.

use std::fmt;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $id:literal,)+) => {
        /// What kind of complaint. `cases/invalid/` has a file for each
        /// but [`Unreadable`](Self::Unreadable).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The code as it is printed: `E001`.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$name => $id,)+
                }
            }

            /// What it stands for, in one sentence.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($doc),+).trim_ascii(),)+
                }
            }
        }
    };
}

codes! {
    /// A file or directory that cannot be read.
    Unreadable = "E000",
    /// The file is not YAML.
    Syntax = "E001",
    /// A feature of YAML that case files do without: anchors, tags, merge keys.
    Feature = "E002",
    /// A key that nobody knows.
    UnknownKey = "E003",
    /// A key that stands twice.
    DuplicateKey = "E004",
    /// A key that has to be there.
    MissingKey = "E005",
    /// A list where text belongs, and the like.
    Shape = "E006",
    /// A key without a value.
    Empty = "E007",
    /// A word that is none of those that may stand here.
    Word = "E008",
    /// A number that is none, or out of range.
    Number = "E009",
    /// A file that cannot be a case where it lies.
    File = "E010",
    /// A requirement that the catalogue does not hold.
    UnknownRequirement = "E011",
    /// A capability that no stack can have.
    UnknownCapability = "E012",
    /// A prelude, or another case, that does not exist.
    UnknownPrelude = "E013",
    /// A fragment that does not exist.
    UnknownFragment = "E014",
    /// A prelude or fragment that leads back to itself.
    Cycle = "E015",
    /// A prelude that cannot be one: invalid itself, or with a matrix.
    BadPrelude = "E016",
    /// What a fragment is given does not fit what it takes.
    FragmentArguments = "E017",
    /// A requirement that the catalogue holds twice.
    DuplicateRequirement = "E018",
    /// A numbering that does not fit the numbers written out in the prelude.
    Numbering = "E019",
    /// `$name` that stands for nothing.
    UnknownVariable = "E020",
    /// An axis or a field of its values that nothing uses.
    UnusedAxis = "E021",
    /// An axis without values.
    EmptyAxis = "E022",
    /// A value of an axis without a field that the case uses.
    MissingField = "E023",
    /// A name that cannot be one of an axis, a value, a label or a tag.
    Name = "E024",
    /// More variants than a case may have.
    TooManyVariants = "E025",
    /// A step, or a branch, with no action or with several.
    OneAction = "E030",
    /// `ack` covers a number that the peer never sent.
    AckBeyond = "E031",
    /// A key that makes no sense beside the step's action.
    Beside = "E032",
    /// Not one of the eleven states.
    UnknownState = "E033",
    /// A label that stands on two steps.
    DuplicateLabel = "E034",
    /// A label that no earlier step has, or that names no segment.
    UnknownLabel = "E035",
    /// A case that judges nothing.
    JudgesNothing = "E036",
    /// An `all_of` with more elements than orders can be tried of.
    AllOf = "E037",
    /// `within` that ends before it begins, or has not one or two bounds.
    Within = "E038",
    /// A `repeat` of more steps than a case may have.
    TooManySteps = "E039",
    /// Not a control bit.
    UnknownFlag = "E040",
    /// Something that a segment has twice.
    Twice = "E041",
    /// Not a field of a segment.
    UnknownField = "E042",
    /// A TCP option that cannot be read.
    BadOption = "E043",
    /// Not a symbol.
    UnknownSymbol = "E044",
    /// A duration where a number is needed, or the other way round.
    Kind = "E045",
    /// An expression that cannot be read.
    Expression = "E046",
    /// A range, `*`, `!` or `?` in a segment that is sent.
    PatternInTemplate = "E047",
    /// An edit of octets in a segment that is expected.
    ModifierInPattern = "E048",
    /// An edit of octets that cannot be read.
    BadModifier = "E049",
    /// `len` and `data` in one segment.
    LenAndData = "E050",
    /// Text in quotes that cannot be read.
    Quoted = "E051",
    /// Not a call of the application.
    UnknownVerb = "E060",
    /// An argument that a call does not take, or lacks.
    Argument = "E061",
    /// Nothing that an application can be told.
    UnknownOutcome = "E062",
    /// Not a kind of ICMP error.
    UnknownIcmp = "E070",
    /// A field that an ICMP error does not take, or lacks.
    IcmpField = "E071",
    /// An ICMP error about something that is no segment of the stack.
    IcmpQuote = "E072",
    /// Nothing that a link does to packets.
    UnknownFault = "E073",
    /// An argument that a fault on the link does not take, or lacks.
    FaultArgument = "E074",
    /// Packets that a fault on the link cannot be done to.
    FaultPackets = "E075",
    /// A requirement said to be untested that a case decides.
    Tested = "E080",
    /// An event of the vocabulary that a sweep has no row for.
    Hole = "E081",
    /// A row for something that is not an event of the vocabulary.
    UnknownEvent = "E082",
    /// A requirement said to be restated by what cannot stand for it.
    Restated = "E083",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}
