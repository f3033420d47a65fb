//! What a stack answers, as a line:
//! `{"now":1250000000,"next":2000000000,"tx":[[1000000000,"4500..."]],"ret":{"ok":5}}`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use tcpspec_connector::{
    Call, CallError, CallResult, Connection, Did, Emitted, Next, Reason, Reply, Report, Ret,
    StackError, StateChange,
};
use tcpspec_wire::{Instant, State};

use crate::hex::{self, Hex};
use crate::option::nanos;

/// A line from the stack.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ReplyLine {
    pub(crate) now: u64,
    /// `null`: never; left out: unknown.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    next: Option<Option<u64>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tx: Vec<(u64, Hex)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    states: Vec<(u16, u16, String, u64)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<(DidWord, String, u64)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ret: Option<RetLine>,
    #[serde(default, skip_serializing_if = "is_zero")]
    late: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fail: Option<FailLine>,
    /// The number of the request, where that had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum DidWord {
    Dropped,
    Reset,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RetLine {
    Ok(Value),
    Err(String),
}

/// Why there will be no answer to this nor to what follows, until the next `open`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum FailLine {
    /// More than so many packets in one instant.
    Storm(usize),
    /// The machine withholds something.
    Machine(String),
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks with a reference"
)]
const fn is_zero(nanos: &u64) -> bool {
    *nanos == 0
}

/// A field that is there, be it `null`.
#[expect(clippy::option_option, reason = "left out and `null` mean two things")]
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<u64>>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

const ERRORS: [(CallError, &str); 8] = [
    (CallError::Again, "again"),
    (CallError::Eof, "eof"),
    (CallError::Refused, "refused"),
    (CallError::Reset, "reset"),
    (CallError::Timeout, "timeout"),
    (CallError::Closed, "closed"),
    (CallError::InUse, "inuse"),
    (CallError::Unsupported, "unsupported"),
];

const REPORTS: [Report; 4] = [
    Report::Urgent,
    Report::SoftError,
    Report::Retransmissions,
    Report::UserTimeout,
];

impl From<Reply> for ReplyLine {
    fn from(reply: Reply) -> Self {
        let tx = reply.tx.into_iter();
        let states = reply.states.into_iter().map(|change| {
            let Connection { local, remote } = change.connection;
            let state = change.state.name().to_owned();
            (local, remote, state, change.at.as_nanos())
        });
        let reasons = reply.reasons.into_iter().map(|reason| {
            let did = match reason.did {
                Did::Dropped => DidWord::Dropped,
                Did::Reset => DidWord::Reset,
            };
            (did, reason.why, reason.at.as_nanos())
        });
        Self {
            now: reply.now.as_nanos(),
            next: match reply.next {
                Next::At(at) => Some(Some(at.as_nanos())),
                Next::Never => Some(None),
                Next::Unknown => None,
            },
            tx: tx
                .map(|emitted| (emitted.at.as_nanos(), Hex(emitted.octets)))
                .collect(),
            states: states.collect(),
            reasons: reasons.collect(),
            ret: reply.ret.map(RetLine::from),
            late: nanos(reply.late),
            fail: None,
            id: None,
        }
    }
}

impl From<CallResult> for RetLine {
    fn from(result: CallResult) -> Self {
        let ret = match result {
            Ok(ret) => ret,
            Err(CallError::Other(text)) => return Self::Err(format!("other:{text}")),
            Err(error) => return Self::Err(error.to_string()),
        };
        Self::Ok(match ret {
            Ret::Done => true.into(),
            Ret::Sent(octets) => octets.into(),
            Ret::Data(octets) => hex::encode(&octets).into(),
            Ret::Urgent(ahead) => ahead.into(),
            Ret::Report(report) => report.to_string().into(),
            Ret::Info(values) => values.into(),
        })
    }
}

impl ReplyLine {
    /// A reply to what cannot be done.
    pub(crate) fn refusal(now: Instant, error: CallError) -> Self {
        Self {
            now: now.as_nanos(),
            ret: Some(Err(error).into()),
            ..Self::default()
        }
    }

    /// A reply that says why there is none; `None` where the stack is dead and
    /// cannot speak.
    pub(crate) fn failure(now: Instant, error: &StackError) -> Option<Self> {
        let fail = match error {
            StackError::Storm(packets) => FailLine::Storm(*packets),
            StackError::Environment(why) => FailLine::Machine(why.clone()),
            StackError::Died(_) | StackError::Silent(_) | StackError::Connector(_) => return None,
        };
        Some(Self {
            now: now.as_nanos(),
            fail: Some(fail),
            ..Self::default()
        })
    }

    /// What failed, if something did.
    pub(crate) fn failed(&self) -> Option<StackError> {
        Some(match self.fail.as_ref()? {
            FailLine::Storm(packets) => StackError::Storm(*packets),
            FailLine::Machine(why) => StackError::Environment(why.clone()),
        })
    }

    /// Whether it says that there is no such verb or option.
    pub(crate) fn is_unsupported(&self) -> bool {
        matches!(&self.ret, Some(RetLine::Err(word)) if word == "unsupported")
    }

    /// What it means as the answer to this call, or to something that is no call.
    ///
    /// # Errors
    ///
    /// In words, if it cannot be that.
    pub(crate) fn meaning(self, call: Option<&Call>) -> Result<Reply, String> {
        let ret = match (call, self.ret) {
            (Some(call), Some(ret)) => Some(ret.meaning(call)?),
            (None, None) => None,
            (Some(call), None) => return Err(format!("`{}` has no `ret`", call.verb())),
            (None, Some(_)) => return Err("there is a `ret`, and nothing was called".to_owned()),
        };
        let tx = self.tx.into_iter().map(|(at, Hex(octets))| Emitted {
            at: Instant::from_nanos(at),
            octets,
        });
        let states = self.states.into_iter().map(|(local, remote, state, at)| {
            let unknown = |_| format!("`{state}` is no state of RFC 9293");
            Ok(StateChange {
                connection: Connection { local, remote },
                state: state.parse::<State>().map_err(unknown)?,
                at: Instant::from_nanos(at),
            })
        });
        let reasons = self.reasons.into_iter().map(|(did, why, at)| Reason {
            did: match did {
                DidWord::Dropped => Did::Dropped,
                DidWord::Reset => Did::Reset,
            },
            why,
            at: Instant::from_nanos(at),
        });
        Ok(Reply {
            now: Instant::from_nanos(self.now),
            next: match self.next {
                Some(Some(at)) => Next::At(Instant::from_nanos(at)),
                Some(None) => Next::Never,
                None => Next::Unknown,
            },
            tx: tx.collect(),
            states: states.collect::<Result<_, String>>()?,
            reasons: reasons.collect(),
            ret,
            late: Duration::from_nanos(self.late),
        })
    }
}

impl RetLine {
    /// What the application is told who made this call.
    fn meaning(self, call: &Call) -> Result<CallResult, String> {
        let value = match self {
            Self::Ok(value) => value,
            Self::Err(word) => return error(&word).map(Err),
        };
        let ret = match call {
            Call::Send { data, .. } | Call::SendUrgent { data, .. } => value
                .as_u64()
                .and_then(|octets| usize::try_from(octets).ok())
                .filter(|octets| *octets <= data.len())
                .map(Ret::Sent),
            Call::Recv { max, .. } => match value.as_str() {
                Some(text) => Some(Ret::Data(received(hex::decode(text)?, *max)?)),
                None => None,
            },
            Call::Urgent { .. } => value.as_bool().map(Ret::Urgent),
            Call::Report { .. } => {
                let named = |report: &Report| value.as_str() == Some(&report.to_string());
                REPORTS.into_iter().find(named).map(Ret::Report)
            }
            Call::Info { names, .. } => serde_json::from_value(value.clone())
                .ok()
                .filter(|values: &Vec<Option<u64>>| values.len() == names.len())
                .map(Ret::Info),
            _ => (value == Value::Bool(true)).then_some(Ret::Done),
        };
        ret.map(Ok)
            .ok_or_else(|| format!("`{}` cannot give {value}", call.verb()))
    }
}

fn received(octets: Vec<u8>, max: usize) -> Result<Vec<u8>, String> {
    match octets.len() {
        len if len > max => Err(format!("`recv` cannot give {len} octets, of at most {max}")),
        _ => Ok(octets),
    }
}

fn error(word: &str) -> Result<CallError, String> {
    if let Some(text) = word.strip_prefix("other:") {
        return Ok(CallError::Other(text.to_owned()));
    }
    let known = ERRORS.iter().find(|(_, known)| *known == word);
    known.map(|(error, _)| error.clone()).ok_or_else(|| {
        let known = ERRORS.map(|(_, word)| word).join(", ");
        format!("`{word}` is no error; there are {known} and other:TEXT")
    })
}
