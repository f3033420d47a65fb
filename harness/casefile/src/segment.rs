//! Segments in a case: what the peer sends, and what the stack is expected to
//! send. One grammar: `FLAGS [seq=] [ack=] [len=|data=] [win=] [urg=]
//! [<options>] [ecn=] [ttl=] [ds=] [df=] [route=] [modifiers]`.

use tcpspec_wire::{Ecn, Flags, Mangle, TcpOption};

use crate::expr::Expr;

/// A segment for the peer to send. What is left out gets what a correct peer
/// would send: the next sequence number, the acknowledgment of all that came
/// in order, the window of the parameters, and the options of the parameters:
/// on a SYN those it offers, later the timestamps that both sides agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentTemplate {
    /// The control bits.
    pub flags: Flags,
    /// SEG.SEQ.
    pub seq: Option<Expr>,
    /// SEG.ACK.
    pub ack: Option<Expr>,
    /// Octets of text, taken from the peer's stream at the sequence number.
    pub len: Option<Expr>,
    /// The text itself. Never beside `len`.
    pub data: Option<Vec<u8>>,
    /// SEG.WND, unscaled.
    pub window: Option<Expr>,
    /// SEG.UP.
    pub urgent: Option<Expr>,
    /// Options; the default ones if not given.
    pub options: Option<Vec<OptionTemplate>>,
    /// The ECN field of the IP header; not-ECT if not given.
    pub ecn: Option<Ecn>,
    /// What else of the IP header is written.
    pub ip: IpFields<Expr>,
    /// The source route by which it has come; none if not given.
    pub route: Option<Route>,
    /// What is broken on purpose, in the order of the text.
    pub mangles: Vec<Mangle>,
    /// `src=`: where it comes from.
    pub source: Address,
    /// `dst=`: where it goes to.
    pub destination: Address,
    /// The text as written, in one line.
    pub text: String,
}

/// Fields of the IP header but ECN, each with what it is or may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IpFields<T> {
    /// `ttl=`: the time to live or hop limit.
    pub ttl: Option<T>,
    /// `ds=`: the Differentiated Services codepoint, 0 to 63.
    pub ds: Option<T>,
    /// `df=`: the don't-fragment bit; always 1 on IPv6, which has none.
    pub df: Option<T>,
}

/// A source route: `r1,r2`, `strict:r1`, or `none`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Whether it leads by no other routers.
    pub strict: bool,
    /// The numbers of its routers, 1 to 9, in the order of the way; none of no
    /// route.
    pub routers: Vec<u8>,
}

/// The text as a case writes it.
impl std::fmt::Display for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.routers.is_empty() {
            return f.write_str("none");
        }
        let routers: Vec<String> = self.routers.iter().map(|one| format!("r{one}")).collect();
        f.write_str(if self.strict { "strict:" } else { "" })?;
        f.write_str(&routers.join(","))
    }
}

/// An option for the peer to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OptionTemplate {
    /// One that holds no number of the connection.
    Exactly(TcpOption),
    /// `ts=VALUE,ECHO`, or `ts=VALUE`, which echoes what a correct peer would:
    /// the last TSval of the stack. Values are taken modulo 2^32.
    Timestamps(Expr, Option<Expr>),
    /// `sack=101-201`: blocks of the stack's numbers.
    Sack(Vec<(Expr, Expr)>),
}

/// An address of a segment that the peer sends, by what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// The peer's own.
    Peer,
    /// The stack's own.
    Stack,
    /// `other`: another one of the same network.
    Other,
    /// `broadcast`: everybody on the link; IPv4 alone.
    Broadcast,
    /// `multicast`: to all hosts of a group.
    Multicast,
    /// `unspecified`: none.
    Unspecified,
}

impl Address {
    /// Those that can be written, with their names.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Peer, "peer"),
        (Self::Stack, "stack"),
        (Self::Other, "other"),
        (Self::Broadcast, "broadcast"),
        (Self::Multicast, "multicast"),
        (Self::Unspecified, "unspecified"),
    ];
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = Self::ALL.iter().find(|(address, _)| address == self);
        f.write_str(name.map_or("", |(_, name)| name))
    }
}

/// A segment expected from the stack, or forbidden to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentPattern {
    /// Control bits that must be set. All others must be clear, but PSH and
    /// those of [`optional`](Self::optional). In `never`, others do not matter.
    pub flags: Flags,
    /// Control bits that may be set or not: those written with `?`, as in
    /// `RST+ACK?`.
    pub optional: Flags,
    /// SEG.SEQ; left out, it is what the stack's stream has come to.
    pub seq: Option<Match>,
    /// SEG.ACK; left out, it is what the stack has to have received (or, for
    /// an ACK that may still be delayed, what it had acknowledged before).
    pub ack: Option<Match>,
    /// Octets of text; left out (and without `data`), the segment has none.
    pub len: Option<Match>,
    /// The text itself; without it text is compared with the stack's stream.
    pub data: Option<Vec<u8>>,
    /// SEG.WND, unscaled.
    pub window: Option<Match>,
    /// SEG.UP.
    pub urgent: Option<Match>,
    /// Options that must be there or must not; others do not matter.
    pub options: Vec<OptionPattern>,
    /// The ECN field of the IP header; not compared if not given.
    pub ecn: Option<Ecn>,
    /// What else of the IP header is compared.
    pub ip: IpFields<Match>,
    /// The source route by which it goes; not compared if not given.
    pub route: Option<Route>,
    /// The text as written, in one line.
    pub text: String,
}

/// What a field may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// `*`: anything.
    Any,
    /// This value.
    Value(Expr),
    /// `a..b`: from a to b, both included.
    Range(Expr, Expr),
    /// `!x`: anything else.
    Not(Box<Self>),
}

impl Match {
    /// The least number that it takes, where that is the same in every trial.
    fn least(&self) -> Option<i64> {
        match self {
            Self::Value(least) | Self::Range(least, _) => least.constant(),
            Self::Any | Self::Not(_) => None,
        }
    }
}

impl SegmentPattern {
    /// How much text the link's packets have to carry for the stack to send
    /// such a segment, or to offer such an MSS.
    pub(crate) fn room(&self) -> i64 {
        let text = self.len.as_ref().and_then(Match::least);
        let mss = self.options.iter().filter_map(|option| match option {
            OptionPattern::Mss(allowed) => allowed.least(),
            OptionPattern::Exactly(TcpOption::Mss(mss)) => Some(i64::from(*mss)),
            _ => None,
        });
        text.into_iter().chain(mss).max().unwrap_or(0)
    }
}

/// What is expected of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OptionPattern {
    /// This very option: `sackok`, `mss=1460`, `kind=253,len=4,hex=0102`.
    Exactly(TcpOption),
    /// `mss=536..1460`: the option with a number in this range.
    Mss(Match),
    /// `ws=0..14`.
    WindowScale(Match),
    /// `ts=VALUE,ECHO`, each of them a value, a range, `*` or `!x`. Ranges are
    /// of clocks that count modulo 2^32.
    Timestamps(Match, Match),
    /// `sack=101-201`: exactly these blocks of the peer's numbers, in this order.
    Sack(Vec<(Expr, Expr)>),
    /// `ts=*`, `sack=*`, `mss=*`, `kind=N`: an option of this kind.
    Kind(u8),
    /// `!sackok`: no option of this kind.
    Absent(u8),
}
