//! A step of a case.

use std::sync::Arc;

use tcpspec_record::{CaseId, RequirementId};
use tcpspec_wire::State;

use crate::check::judges;
use crate::expr::Expr;
use crate::icmp::IcmpTemplate;
use crate::segment::{Address, Match, Route, SegmentPattern, SegmentTemplate};
use crate::wire::WireTemplate;

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is done or expected.
    pub action: Action,
    /// `on:` the connection that it is about, where that is not the first one.
    pub on: Option<String>,
    /// `as:` a name for this step's segment and moment.
    pub label: Option<String>,
    /// `within:` or `at:`. Only on steps that expect the stack to send.
    pub bounds: Option<Bounds>,
    /// `state:` one state: the state after the step. Several: the exact list
    /// of changes since the last `state`, the state there was then included.
    pub state: Option<Vec<State>>,
    /// `never:` what must not come until the step ends.
    pub never: Vec<SegmentPattern>,
    /// `claim:` the requirement this very step decides.
    pub claim: Option<RequirementId>,
    /// `why:` the sentence for the reader.
    pub why: Option<String>,
    /// `note:` a remark in the ladder.
    pub note: Option<String>,
    /// `hint:` a likely cause, if the step breaks.
    pub hint: Option<String>,
    /// The step in one line.
    pub text: String,
    /// Where it stands.
    pub place: Place,
    /// The prelude or fragment it comes from; `None` for the case's own.
    pub from: Option<CaseId>,
    /// Whether it belongs to a prelude: if it breaks, the case is blocked.
    pub prelude: bool,
}

impl Step {
    /// Whether it can find the stack at fault.
    #[must_use]
    pub fn judges(&self) -> bool {
        judges(&self.action) || self.state.is_some() || !self.never.is_empty()
    }
}

/// A position in a file, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, as it was named.
    pub file: Arc<str>,
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

/// What a step does or expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// `app:` the application makes a call and is told one of these; any
    /// success if the list is empty.
    App(AppCall, Vec<Outcome>),
    /// `peer:` the peer sends.
    Peer(Box<SegmentTemplate>),
    /// `icmp:` somebody reports an error about a segment of the stack.
    Icmp(IcmpTemplate),
    /// `wire:` something happens to packets on the link from here on.
    Wire(WireTemplate),
    /// `sut:` the stack sends what one of the alternatives says. Never empty.
    Sut(Vec<Alternative>),
    /// `quiet:` nothing at all comes for so long.
    Quiet(Expr),
    /// `wait:` time passes.
    Wait(Expr),
    /// `leap:` so much time has passed at once.
    Leap(Expr),
    /// `gone:` the connection exists no more. Never empty.
    Gone(Vec<GoneBranch>),
    /// `sut-info:` what the stack shows of itself. Never empty.
    SutInfo(Vec<InfoCheck>),
    /// Nothing but what stands beside it: `state:`.
    Check,
}

/// What a counter or field of the stack has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InfoCheck {
    /// Its name; each stack has its own, as `tcp.retransmits`.
    pub name: String,
    /// `+...`: by how much it has grown since the trial began is meant, not
    /// its value.
    pub since_begin: bool,
    /// What it may be.
    pub allowed: Match,
    /// The text as written: `+1`.
    pub text: String,
}

/// One way in which a `sut:` step can be met. `one_of`, `all_of` and
/// `sequence` all come down to a list of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// Segments in this order, and no other between them.
    pub segments: Vec<SegmentPattern>,
    /// After them (or, if there are none, instead of them) nothing comes for
    /// so long.
    pub quiet: Option<Expr>,
    /// State after this alternative, besides the step's.
    pub state: Option<Vec<State>>,
    /// Name under which the report says that this one was seen.
    pub tag: Option<String>,
    /// Whether this way is tolerated, but departs from the requirement.
    pub deviates: bool,
}

/// Bounds in time on what the stack sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bounds {
    /// `within: D`, `within: [lo, hi]`: a duration counts from the end of the
    /// step before.
    Within(Option<Expr>, Expr),
    /// `at: T`: at this time (a duration counts from the end of the step
    /// before), and as much later as the stack's profile allows.
    At(Expr),
}

/// One way in which a `gone:` step can be met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoneBranch {
    /// When; at once if not given.
    pub bounds: Option<Bounds>,
    /// Name under which the report says that this one was seen.
    pub tag: Option<String>,
    /// Whether this way is tolerated, but departs from the requirement.
    pub deviates: bool,
}

/// A call of the application. A case has one listener; the connection is the
/// step's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppCall {
    /// `listen`
    Listen,
    /// `connect`
    Connect {
        /// The peer, or `to=` an address that is nobody's.
        to: Address,
        /// `route=` the source route to take.
        route: Option<Route>,
    },
    /// `accept`
    Accept,
    /// `send len=N`: the next N octets of the stack's stream.
    SendLen(usize),
    /// `send data="..."`
    SendData(Vec<u8>),
    /// `send urgent len=N`: the next N octets of the stack's stream.
    SendUrgent(usize),
    /// `urgent`: the application asks whether urgent text lies ahead.
    Urgent,
    /// `report`: the application takes the next thing that it is told unasked.
    Report,
    /// `recv len=N`, at most that many.
    Recv(usize),
    /// `shutdown`: no more to send, still receiving.
    Shutdown,
    /// `close`: the application lets go of the connection.
    Close,
    /// `close listener`
    CloseListener,
    /// `abort`
    Abort,
    /// `die`: the application's process is killed, with all its sockets.
    Die,
    /// `setopt NAME=VALUE`: of the connection; before there is one, of the
    /// listener, for connections to come.
    SetOption(SocketSetting),
    /// `expect OUTCOME` alone: the application looks what there is to receive.
    Look,
}

/// What `setopt` sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketSetting {
    /// `nagle=on|off`
    Nagle(bool),
    /// `rcvbuf=N`, in octets.
    ReceiveBuffer(u32),
    /// `keepalive=off|DURATION`: the idle time before the first probe.
    KeepAlive(Option<Expr>),
    /// `keepalive=on`: after the idle time that the stack takes by itself.
    KeepAliveByDefault,
    /// `user-timeout=DURATION`: R2 of what is sent from here on.
    UserTimeout(Expr),
    /// `ttl=N`: time to live or hop limit.
    Ttl(u8),
    /// `ds=N`: the Differentiated Services codepoint.
    Ds(u8),
}

/// What the application is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// `ok`: success; on `expect` alone: no error and no end.
    Ok,
    /// `eof`
    Eof,
    /// `reset`
    Reset,
    /// `refused`
    Refused,
    /// `timeout`
    Timeout,
    /// `closed`: there is no such connection any more.
    Closed,
    /// `again`: nothing yet.
    Again,
    /// `inuse`: the port or the connection is taken.
    InUse,
    /// `error`: the call failed, and not for want of anything to do.
    Error,
    /// `bytes=N`: exactly so many octets, the next of the peer's stream.
    Bytes(usize),
    /// `ahead`: there is urgent text that was not read; `none`: there is not.
    Urgent(bool),
    /// `urgent`, `soft-error`, ...: what a `report` is about.
    Report(Report),
}

/// What the application is told without having asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// `urgent`: there is urgent text, or it reaches further than it did.
    Urgent,
    /// `soft-error`: somebody reported an error that may pass.
    SoftError,
    /// `retransmissions`: a segment was repeated R1 times.
    Retransmissions,
    /// `user-timeout`: the peer has told how long it is patient.
    UserTimeout,
}

impl Report {
    /// Every report by its word.
    pub(crate) const ALL: [(Self, &'static str); 4] = [
        (Self::Urgent, "urgent"),
        (Self::SoftError, "soft-error"),
        (Self::Retransmissions, "retransmissions"),
        (Self::UserTimeout, "user-timeout"),
    ];
}

/// The text as a case writes it.
impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let word = Self::ALL.iter().find(|(report, _)| report == self);
        f.write_str(word.map_or("", |(_, word)| word))
    }
}

/// The text as a case writes it.
impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ok => f.write_str("ok"),
            Self::Eof => f.write_str("eof"),
            Self::Reset => f.write_str("reset"),
            Self::Refused => f.write_str("refused"),
            Self::Timeout => f.write_str("timeout"),
            Self::Closed => f.write_str("closed"),
            Self::Again => f.write_str("again"),
            Self::InUse => f.write_str("inuse"),
            Self::Error => f.write_str("error"),
            Self::Bytes(len) => write!(f, "bytes={len}"),
            Self::Urgent(true) => f.write_str("ahead"),
            Self::Urgent(false) => f.write_str("none"),
            Self::Report(report) => report.fmt(f),
        }
    }
}
