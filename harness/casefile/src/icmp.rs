//! ICMP errors in a case: what the peer's side reports about a segment that
//! the stack has sent. One grammar: `KIND [quote=] [from=] [mtu=|pointer=]
//! [seq=] [sport=] [dport=] [len=]`.

use tcpspec_wire::icmp::Report;

use crate::expr::Expr;

/// An ICMP error to be sent to the stack, in the IP version of the trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IcmpTemplate {
    /// What it says.
    pub report: Report,
    /// Which segment it is about.
    pub quote: Quote,
    /// Who says so.
    pub reporter: Reporter,
    /// Another sequence number in the quote than the segment had.
    pub seq: Option<Expr>,
    /// Another source port in the quote: the stack's own, if it is true.
    pub source_port: Option<u16>,
    /// Another destination port in the quote.
    pub destination_port: Option<u16>,
    /// Octets quoted behind the IP header; as many as an error may if not
    /// given.
    pub len: Option<u16>,
    /// The text as written, in one line.
    pub text: String,
}

/// Which segment an error is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Quote {
    /// `quote=last`: the last one that the stack sent.
    #[default]
    Last,
    /// `quote=LABEL`: the stack's segment of this label.
    Label(String),
}

/// Who sends an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reporter {
    /// The peer itself.
    #[default]
    Peer,
    /// `from=router`: another address, of somebody on the way.
    Router,
}
