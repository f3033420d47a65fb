//! What an action implies: what may stand beside it, what it needs, what its
//! label stands for, how it reads in one line.

use tcpspec_wire::Capability;

use super::expect::list;
use super::steps::ACTIONS;
use crate::diagnostic::{Code, Fault};
use crate::document::NodeId;
use crate::grammar::LabelKind;
use crate::phrase::Texts;
use crate::raw::{Field, Gone, GoneBranchMap, Items, OneOrMany, Placed, Text};
use crate::step::{Action, Alternative, AppCall, SocketSetting};

/// Complains of keys that make no sense beside the action.
pub(super) fn check_beside(action: &str, step: NodeId, texts: Texts<'_>) {
    let allowed = beside(action);
    let document = texts.document;
    for key in BESIDE {
        let Some((at, _)) = document
            .entry(step, key)
            .filter(|_| !allowed.contains(&key))
        else {
            continue;
        };
        let message = format!("`{key}` makes no sense beside `{action}`");
        let fault = Fault::new(Code::Beside, 0..0, message);
        let help = match (action, key) {
            ("gone", "at" | "within") => format!("write `gone: {{{key}: ...}}`"),
            ("use", _) => "write it on the fragment's own steps".to_owned(),
            ("repeat", _) => "write it on the steps that are repeated".to_owned(),
            _ => format!("beside `{action}` can stand {}", list(allowed)),
        };
        document.complain_at(at, fault.help(help), texts.sink);
    }
}

/// Whether the step has a key that there was a complaint of: it may have been
/// meant as the action.
pub(super) fn has_unknown_key(step: NodeId, texts: Texts<'_>) -> bool {
    let is_known = |key: &str| ACTIONS.contains(&key) || BESIDE.contains(&key);
    texts.document.keys(step).any(|key| !is_known(key))
}

/// Keys that can stand beside an action.
const BESIDE: [&str; 10] = [
    "on", "as", "within", "at", "state", "never", "claim", "why", "note", "hint",
];

fn beside(action: &str) -> &'static [&'static str] {
    match action {
        "sut" => &BESIDE,
        "use" | "repeat" => &["on", "claim", "why", "hint"],
        "wire" => &["as", "why"],
        "gone" => &["on", "as", "never", "claim", "why", "note", "hint"],
        "quiet" | "wait" | "leap" => &["as", "state", "never", "claim", "why", "note", "hint"],
        _ => &["on", "as", "state", "claim", "why", "note", "hint"],
    }
}

/// Whether an action can find the stack at fault.
pub(crate) fn judges(action: &Action) -> bool {
    match action {
        Action::Sut(_) | Action::Quiet(_) | Action::Gone(_) | Action::SutInfo(_) => true,
        Action::App(call, outcomes) => *call == AppCall::Look || !outcomes.is_empty(),
        Action::Peer(_)
        | Action::Icmp(_)
        | Action::Wire(_)
        | Action::Wait(_)
        | Action::Leap(_)
        | Action::Check => false,
    }
}

pub(super) fn label_kind(action: &Action) -> LabelKind {
    match action {
        Action::Peer(_) => LabelKind::Peer,
        Action::Sut(ways) if ways.iter().any(|way| !way.segments.is_empty()) => LabelKind::Sut,
        Action::Sut(_)
        | Action::App(..)
        | Action::Icmp(_)
        | Action::Wire(_)
        | Action::Quiet(_)
        | Action::Wait(_)
        | Action::Leap(_)
        | Action::Gone(_)
        | Action::SutInfo(_)
        | Action::Check => LabelKind::Moment,
    }
}

/// What a stack has to be able to do for a call to make sense.
pub(super) fn needs_of(call: &AppCall) -> Option<Capability> {
    match call {
        AppCall::Listen | AppCall::Accept | AppCall::CloseListener => Some(Capability::PassiveOpen),
        AppCall::Connect { route: None, .. } => Some(Capability::ActiveOpen),
        AppCall::Connect { route: Some(_), .. } => Some(Capability::SourceRoute),
        AppCall::SendLen(_) | AppCall::SendData(_) | AppCall::Recv(_) => Some(Capability::Data),
        AppCall::SendUrgent(_) | AppCall::Urgent => Some(Capability::Urgent),
        AppCall::Report => Some(Capability::Reports),
        AppCall::Shutdown => Some(Capability::Shutdown),
        AppCall::Close => Some(Capability::AppClose),
        AppCall::Abort => Some(Capability::Abort),
        AppCall::Die => Some(Capability::Process),
        AppCall::SetOption(SocketSetting::Nagle(_)) => Some(Capability::OptNagle),
        AppCall::SetOption(SocketSetting::ReceiveBuffer(_)) => Some(Capability::OptRcvbuf),
        AppCall::SetOption(SocketSetting::KeepAlive(_) | SocketSetting::KeepAliveByDefault) => {
            Some(Capability::OptKeepalive)
        }
        AppCall::SetOption(SocketSetting::UserTimeout(_)) => Some(Capability::OptUserTimeout),
        AppCall::SetOption(SocketSetting::Ttl(_)) => Some(Capability::OptTtl),
        AppCall::SetOption(SocketSetting::Ds(_)) => Some(Capability::OptDs),
        AppCall::Look => None,
    }
}

/// The ways of a `sut:` step in one line.
pub(super) fn said_of_ways(ways: &[Alternative]) -> String {
    let way = |way: &Alternative| {
        let mut parts: Vec<&str> = way.segments.iter().map(|s| s.text.as_str()).collect();
        if way.quiet.is_some() {
            parts.push("nothing");
        }
        parts.join(", then ")
    };
    let ways: Vec<String> = ways.iter().map(way).collect();
    ways.join(" | ")
}

/// When a connection has to be gone, in one line.
pub(super) fn said_of_gone(gone: &Gone, texts: Texts<'_>) -> String {
    let when = |within: &Field<OneOrMany>, at: &Field<Text>| match (within.get(), at.get()) {
        (Some(within), _) => {
            let bounds = within.as_slice().iter().map(|bound| texts.text(*bound));
            format!("within {}", bounds.collect::<Vec<_>>().join(" .. "))
        }
        (None, Some(at)) => format!("at {}", texts.text(*at)),
        (None, None) => "now".to_owned(),
    };
    match gone {
        Gone::Text(text) => texts.text(*text),
        Gone::Map(Placed { value, .. }) => match value.one_of.get() {
            None => when(&value.within, &value.at),
            Some(Items(branches)) => {
                let branch =
                    |branch: &Placed<GoneBranchMap>| when(&branch.value.within, &branch.value.at);
                branches.iter().map(branch).collect::<Vec<_>>().join(" | ")
            }
        },
    }
}
