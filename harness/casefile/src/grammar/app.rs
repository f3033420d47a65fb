//! Calls of the application: `VERB [k=v] [expect OUTCOME[|OUTCOME...]]`.

use super::route::read_route;
use super::segment::read_quoted;
use super::words::{Word, words};
use super::{Reading, Wanted, read_expr};
use crate::diagnostic::{Code, Fault};
use crate::expr::Expr;
use crate::segment::Address;
use crate::step::{AppCall, Outcome, Report, SocketSetting};

/// Reads a call and what the application must be told.
pub(crate) fn read_app(text: &str, reading: &mut Reading<'_>) -> (AppCall, Vec<Outcome>) {
    let words = words(text);
    let split = words.iter().position(|word| word.text == "expect");
    let (call, outcomes) = words.split_at(split.unwrap_or(words.len()));
    let outcomes = match outcomes {
        [] => Vec::new(),
        [expect, rest @ ..] => read_outcomes(*expect, rest, text, reading),
    };
    (read_call(call, split.is_some(), text, reading), outcomes)
}

fn read_call(
    words: &[Word<'_>],
    has_outcome: bool,
    text: &str,
    reading: &mut Reading<'_>,
) -> AppCall {
    let Some((verb, arguments)) = words.split_first() else {
        if !has_outcome {
            let fault = Fault::new(Code::UnknownVerb, 0..text.len(), "there is no call here");
            reading.fault(fault.suggest("", VERBS));
        }
        return AppCall::Look;
    };
    let simple = match verb.text {
        "listen" => Some(AppCall::Listen),
        "accept" => Some(AppCall::Accept),
        "shutdown" => Some(AppCall::Shutdown),
        "abort" => Some(AppCall::Abort),
        "die" => Some(AppCall::Die),
        "urgent" => Some(AppCall::Urgent),
        "report" => Some(AppCall::Report),
        "close" => {
            let listener = arguments.first().filter(|word| word.text == "listener");
            let rest = &arguments[usize::from(listener.is_some())..];
            no_more(rest, reading);
            return listener.map_or(AppCall::Close, |_| AppCall::CloseListener);
        }
        _ => None,
    };
    if let Some(call) = simple {
        no_more(arguments, reading);
        return call;
    }
    match verb.text {
        "connect" => read_connect(*verb, arguments, reading),
        "send" => read_send(*verb, arguments, reading),
        "recv" => AppCall::Recv(
            one_argument(*verb, arguments, &["len"], reading)
                .map_or(0, |(_, value)| count(value, MAX_RECEIVE, reading)),
        ),
        "setopt" => read_setopt(*verb, arguments, reading),
        other => {
            let message = format!("`{other}` is not a call of the application");
            let fault = Fault::new(Code::UnknownVerb, verb.span(), message);
            reading.fault(fault.suggest(other, VERBS));
            AppCall::Look
        }
    }
}

/// `[to=ADDRESS] [route=ROUTE]`
fn read_connect(verb: Word<'_>, arguments: &[Word<'_>], reading: &mut Reading<'_>) -> AppCall {
    let (mut to, mut route) = (None, None);
    for argument in arguments {
        let read = one_argument(verb, &[*argument], &["to", "route"], reading);
        let is_first = match read {
            Some(("to", value)) => to.replace(read_address(value, reading)).is_none(),
            Some((_, value)) => route.replace(read_route(value, reading)).is_none(),
            None => true,
        };
        if !is_first {
            no_more(&[*argument], reading);
        }
    }
    AppCall::Connect {
        to: to.unwrap_or(Address::Peer),
        route: route.flatten(),
    }
}

/// An address by what it is.
fn read_address(value: Word<'_>, reading: &mut Reading<'_>) -> Address {
    let known = Address::ALL.iter().find(|(_, name)| *name == value.text);
    if known.is_none() {
        let message = format!("`{}` is not an address that a case can name", value.text);
        let fault = Fault::new(Code::Argument, value.span(), message);
        reading.fault(fault.suggest(value.text, Address::ALL.iter().map(|(_, name)| *name)));
    }
    known.map_or(Address::Peer, |(address, _)| *address)
}

fn read_send(verb: Word<'_>, arguments: &[Word<'_>], reading: &mut Reading<'_>) -> AppCall {
    if let Some((urgent, arguments)) = arguments.split_first()
        && urgent.text == "urgent"
    {
        let len = one_argument(*urgent, arguments, &["len"], reading);
        return AppCall::SendUrgent(len.map_or(0, |(_, value)| count(value, MAX_SEND, reading)));
    }
    match one_argument(verb, arguments, &["len", "data"], reading) {
        Some(("data", value)) => AppCall::SendData(read_quoted(value, reading)),
        Some((_, value)) => AppCall::SendLen(count(value, MAX_SEND, reading)),
        None => AppCall::SendLen(0),
    }
}

fn read_setopt(verb: Word<'_>, arguments: &[Word<'_>], reading: &mut Reading<'_>) -> AppCall {
    let read = one_argument(verb, arguments, &OPTIONS, reading);
    let Some((name, value)) = read else {
        return AppCall::Look;
    };
    AppCall::SetOption(match name {
        "rcvbuf" => SocketSetting::ReceiveBuffer(
            u32::try_from(count(value, MAX_SEND, reading)).unwrap_or(u32::MAX),
        ),
        "keepalive" if value.text == "on" => SocketSetting::KeepAliveByDefault,
        "keepalive" => SocketSetting::KeepAlive(read_idle_time(value, reading)),
        "user-timeout" => SocketSetting::UserTimeout(read_duration(value, reading)),
        "ttl" => SocketSetting::Ttl(count(value, MAX_TTL, reading) as u8),
        "ds" => SocketSetting::Ds(count(value, MAX_DS, reading) as u8),
        _ => SocketSetting::Nagle(read_switch(value, reading)),
    })
}

fn read_switch(value: Word<'_>, reading: &mut Reading<'_>) -> bool {
    if !matches!(value.text, "on" | "off") {
        let message = format!("nagle is on or off, not `{}`", value.text);
        reading.fault(Fault::new(Code::Argument, value.span(), message));
    }
    value.text == "on"
}

/// `off`, or a duration.
fn read_idle_time(value: Word<'_>, reading: &mut Reading<'_>) -> Option<Expr> {
    if value.text == "off" {
        return None;
    }
    Some(read_duration(value, reading))
}

fn read_duration(value: Word<'_>, reading: &mut Reading<'_>) -> Expr {
    reading.part(value.at, |reading| {
        read_expr(value.text, Wanted::Duration, reading)
    })
}

/// The one `name=value` that a verb takes.
fn one_argument<'a>(
    verb: Word<'_>,
    arguments: &[Word<'a>],
    names: &[&'a str],
    reading: &mut Reading<'_>,
) -> Option<(&'a str, Word<'a>)> {
    let forms: Vec<String> = names.iter().map(|name| format!("{name}=")).collect();
    let Some((first, rest)) = arguments.split_first() else {
        let message = format!("`{}` takes {}", verb.text, forms.join(" or "));
        reading.fault(Fault::new(Code::Argument, verb.span(), message));
        return None;
    };
    no_more(rest, reading);
    let (name, value) = first.field().unwrap_or((*first, *first));
    if !names.contains(&name.text) || first.field().is_none() {
        let message = format!("`{}` takes {}, not this", verb.text, forms.join(" or "));
        let fault = Fault::new(Code::Argument, name.span(), message);
        reading.fault(fault.suggest(name.text, names.iter().copied()));
        return None;
    }
    Some((name.text, value))
}

fn no_more(arguments: &[Word<'_>], reading: &mut Reading<'_>) {
    if let Some(word) = arguments.first() {
        let message = format!("`{}` is one argument too many", word.text);
        let fault = Fault::new(Code::Argument, word.span(), message);
        reading.fault(fault.help("leave it out, or write `expect` before what must be seen"));
    }
}

fn count(value: Word<'_>, max: i64, reading: &mut Reading<'_>) -> usize {
    let read = reading.part(value.at, |reading| {
        read_expr(value.text, Wanted::Count(max), reading)
    });
    if let Expr::Number(number) = read {
        return usize::try_from(number).unwrap_or(0);
    }
    let message = "the application needs a plain number";
    let fault = Fault::new(Code::Argument, value.span(), message);
    reading.fault(fault.help("write digits: calls know no symbols"));
    0
}

fn read_outcomes(
    expect: Word<'_>,
    words: &[Word<'_>],
    text: &str,
    reading: &mut Reading<'_>,
) -> Vec<Outcome> {
    let (Some(first), Some(last)) = (words.first(), words.last()) else {
        let fault = Fault::new(Code::UnknownOutcome, expect.span(), "`expect` what?");
        reading.fault(fault.suggest("", OUTCOMES));
        return Vec::new();
    };
    let all = &text[first.at..last.span().end];
    let mut at = first.at;
    let mut outcomes = Vec::new();
    for piece in all.split('|') {
        let blank = piece.len() - piece.trim_start().len();
        let word = Word {
            text: piece.trim(),
            at: at + blank,
        };
        outcomes.extend(read_outcome(word, reading));
        at += piece.len() + 1;
    }
    outcomes
}

fn read_outcome(word: Word<'_>, reading: &mut Reading<'_>) -> Option<Outcome> {
    if let Some((name, value)) = word.field()
        && name.text == "bytes"
    {
        return Some(Outcome::Bytes(count(value, MAX_RECEIVE, reading)));
    }
    match word.text {
        "ok" => Some(Outcome::Ok),
        "eof" => Some(Outcome::Eof),
        "reset" => Some(Outcome::Reset),
        "refused" => Some(Outcome::Refused),
        "timeout" => Some(Outcome::Timeout),
        "closed" => Some(Outcome::Closed),
        "again" => Some(Outcome::Again),
        "inuse" => Some(Outcome::InUse),
        "error" => Some(Outcome::Error),
        "ahead" => Some(Outcome::Urgent(true)),
        "none" => Some(Outcome::Urgent(false)),
        other if let Some((report, _)) = Report::ALL.iter().find(|(_, word)| *word == other) => {
            Some(Outcome::Report(*report))
        }
        other => {
            let message = format!("an application is never told `{other}`");
            let fault = Fault::new(Code::UnknownOutcome, word.span(), message);
            reading.fault(fault.suggest(other, OUTCOMES));
            None
        }
    }
}

const VERBS: [&str; 13] = [
    "listen", "connect", "accept", "send", "recv", "urgent", "report", "shutdown", "close",
    "abort", "die", "setopt", "expect",
];

const OUTCOMES: [&str; 16] = [
    "ok",
    "eof",
    "reset",
    "refused",
    "timeout",
    "closed",
    "again",
    "inuse",
    "error",
    "bytes=N",
    "ahead",
    "none",
    "urgent",
    "soft-error",
    "retransmissions",
    "user-timeout",
];

const OPTIONS: [&str; 6] = ["nagle", "rcvbuf", "keepalive", "user-timeout", "ttl", "ds"];

/// Octets of one `send`: more than any window, less than would hurt.
const MAX_SEND: i64 = 1 << 24;

/// The field of eight bits at its largest.
const MAX_TTL: i64 = 255;

/// The field of six bits at its largest.
const MAX_DS: i64 = 63;

/// Octets of one `recv`.
const MAX_RECEIVE: i64 = 1 << 24;
