//! What a stack is asked, as a line: `{"call":"listen","h":"L","port":80}`.
//!
//! One structure holds the fields of all requests: a line says which one it is
//! by the field that it begins with, and a reader who does not know a field
//! leaves it alone.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tcpspec_connector::{Call, Handle, Setup, Stop};
use tcpspec_wire::{Instant, SeqNumber};

use crate::hex::Hex;
use crate::option;

/// A line to the stack.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct RequestLine {
    #[serde(skip_serializing_if = "Option::is_none")]
    open: Option<OpenLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<Hex>,
    #[serde(skip_serializing_if = "Option::is_none")]
    packet: Option<Hex>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    leap: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop: Option<StopWord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    h: Option<String>,
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    new: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backlog: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    route: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hex: Option<Hex>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    urgent: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    names: Option<Vec<String>>,
    /// The number of the request, for a stack that gives it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct OpenLine {
    addr: String,
    peer: String,
    mtu: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iss: Option<u32>,
    seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum StopWord {
    First,
    Change,
    End,
}

/// What a line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Open(Setup),
    Call(Call),
    /// A packet to be kept, and not to be processed.
    Queue(Vec<u8>),
    /// A packet to be processed after those that were kept.
    Packet(Vec<u8>),
    Run(Instant, Stop),
    Leap(Instant),
}

/// Why a line asks for nothing that can be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadRequest {
    /// Of all that it may be, it is none, or an unknown one.
    #[error("unsupported")]
    Unsupported,
    /// It cannot be read.
    #[error("{0}")]
    Malformed(String),
}

/// What can be called.
pub(crate) const VERBS: [&str; 13] = [
    "listen", "connect", "accept", "send", "recv", "urgent", "report", "shutdown", "close",
    "abort", "die", "opt", "info",
];

impl From<&Setup> for RequestLine {
    fn from(setup: &Setup) -> Self {
        Self {
            open: Some(OpenLine {
                addr: format!("{}/{}", setup.stack, setup.prefix),
                peer: setup.peer.to_string(),
                mtu: setup.mtu,
                iss: setup.iss.map(SeqNumber::value),
                seed: setup.seed,
            }),
            ..Self::default()
        }
    }
}

impl From<&Call> for RequestLine {
    fn from(call: &Call) -> Self {
        let (verb, handle) = (call.verb(), call.handle());
        let line = Self {
            call: Some(verb.to_owned()),
            h: handle.map(|handle| handle.0.clone()),
            ..Self::default()
        };
        match call {
            Call::Listen { port, backlog, .. } => Self {
                port: Some(*port),
                backlog: Some(*backlog),
                ..line
            },
            Call::Connect {
                port, to, route, ..
            } => Self {
                port: Some(*port),
                to: Some(to.to_string()),
                route: route.map(|route| route.to_string()),
                ..line
            },
            Call::Accept { new, .. } => Self {
                new: Some(new.0.clone()),
                ..line
            },
            Call::Send { data, .. } => Self {
                hex: Some(Hex(data.clone())),
                ..line
            },
            Call::SendUrgent { data, .. } => Self {
                call: Some("send".to_owned()),
                hex: Some(Hex(data.clone())),
                urgent: true,
                ..line
            },
            Call::Recv { max, .. } => Self {
                max: Some(*max),
                ..line
            },
            Call::SetOption { option, .. } => {
                let (name, value) = option::written(*option);
                Self {
                    call: Some("opt".to_owned()),
                    name: Some(name.to_owned()),
                    value: Some(value),
                    ..line
                }
            }
            Call::Info { names, .. } => Self {
                names: Some(names.clone()),
                ..line
            },
            Call::Urgent { .. }
            | Call::Report { .. }
            | Call::Shutdown { .. }
            | Call::Close { .. }
            | Call::Abort { .. }
            | Call::Die => line,
        }
    }
}

impl RequestLine {
    /// A packet: to be processed, or to be kept.
    pub(crate) fn packet(octets: &[u8], process: bool) -> Self {
        let octets = Some(Hex(octets.to_owned()));
        if process {
            Self {
                packet: octets,
                ..Self::default()
            }
        } else {
            Self {
                queue: octets,
                ..Self::default()
            }
        }
    }

    /// Time.
    pub(crate) fn run(until: Instant, stop: Stop) -> Self {
        Self {
            run: Some(until.as_nanos()),
            stop: Some(match stop {
                Stop::FirstPacket => StopWord::First,
                Stop::FirstChange => StopWord::Change,
                Stop::AtEnd => StopWord::End,
            }),
            ..Self::default()
        }
    }

    /// Time that has passed at once.
    pub(crate) fn leap(to: Instant) -> Self {
        Self {
            leap: Some(to.as_nanos()),
            ..Self::default()
        }
    }

    /// A verb that no stack has.
    pub(crate) fn unknown_verb(verb: &str) -> Self {
        Self {
            call: Some(verb.to_owned()),
            h: Some("probe".to_owned()),
            ..Self::default()
        }
    }

    /// An option that no stack has.
    pub(crate) fn unknown_option(name: &str) -> Self {
        Self {
            name: Some(name.to_owned()),
            value: Some(true.into()),
            ..Self::unknown_verb("opt")
        }
    }

    /// What it asks for.
    pub(crate) fn meaning(self) -> Result<Request, BadRequest> {
        if let Some(open) = self.open {
            return open.setup().map(Request::Open);
        }
        if let Some(Hex(octets)) = self.queue {
            return Ok(Request::Queue(octets));
        }
        if let Some(Hex(octets)) = self.packet {
            return Ok(Request::Packet(octets));
        }
        if let Some(until) = self.run {
            let stop = match self.stop {
                Some(StopWord::First) => Stop::FirstPacket,
                Some(StopWord::Change) => Stop::FirstChange,
                Some(StopWord::End) | None => Stop::AtEnd,
            };
            return Ok(Request::Run(Instant::from_nanos(until), stop));
        }
        if let Some(to) = self.leap {
            return Ok(Request::Leap(Instant::from_nanos(to)));
        }
        self.call().map(Request::Call)
    }

    fn call(self) -> Result<Call, BadRequest> {
        let verb = self.call.unwrap_or_default();
        if !VERBS.contains(&verb.as_str()) {
            return Err(BadRequest::Unsupported);
        }
        if verb == "die" {
            return Ok(Call::Die);
        }
        let handle = Handle(needed("h", self.h)?);
        Ok(match verb.as_str() {
            "listen" => Call::Listen {
                handle,
                port: needed("port", self.port)?,
                backlog: needed("backlog", self.backlog)?,
            },
            "connect" => Call::Connect {
                handle,
                port: needed("port", self.port)?,
                to: parsed("to", &needed("to", self.to)?)?,
                route: self
                    .route
                    .map(|route| parsed("route", &route))
                    .transpose()?,
            },
            "accept" => Call::Accept {
                handle,
                new: Handle(needed("as", self.new)?),
            },
            "send" => {
                let Hex(data) = needed("hex", self.hex)?;
                if self.urgent {
                    Call::SendUrgent { handle, data }
                } else {
                    Call::Send { handle, data }
                }
            }
            "recv" => Call::Recv {
                handle,
                max: needed("max", self.max)?,
            },
            "urgent" => Call::Urgent { handle },
            "report" => Call::Report { handle },
            "shutdown" => Call::Shutdown { handle },
            "close" => Call::Close { handle },
            "abort" => Call::Abort { handle },
            "opt" => Call::SetOption {
                handle,
                option: option::read(&needed("name", self.name)?, self.value.as_ref())?,
            },
            "info" => Call::Info {
                handle,
                names: needed("names", self.names)?,
            },
            _ => return Err(BadRequest::Unsupported),
        })
    }
}

impl OpenLine {
    fn setup(self) -> Result<Setup, BadRequest> {
        let (stack, prefix) = self
            .addr
            .split_once('/')
            .ok_or_else(|| BadRequest::Malformed("`addr` has no prefix".to_owned()))?;
        Ok(Setup {
            stack: parsed("addr", stack)?,
            prefix: parsed("addr", prefix)?,
            peer: parsed("peer", &self.peer)?,
            mtu: self.mtu,
            iss: self.iss.map(SeqNumber::new),
            seed: self.seed,
        })
    }
}

fn needed<T>(name: &str, value: Option<T>) -> Result<T, BadRequest> {
    value.ok_or_else(|| BadRequest::Malformed(format!("`{name}` is missing")))
}

fn parsed<T: std::str::FromStr>(name: &str, text: &str) -> Result<T, BadRequest> {
    let error = |_| BadRequest::Malformed(format!("`{name}` cannot be `{text}`"));
    text.parse().map_err(error)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rstest::rstest;
    use tcpspec_connector::call::SocketOption;

    use super::*;

    fn c() -> Handle {
        Handle("C".to_owned())
    }

    fn check(request: Request, written: &RequestLine, line: &str) {
        assert_eq!(serde_json::to_string(written).unwrap(), line);
        let read: RequestLine = serde_json::from_str(line).unwrap();
        assert_eq!(read.meaning(), Ok(request));
    }

    #[rstest]
    #[case::listen(Call::Listen { handle: Handle("L".to_owned()), port: 80, backlog: 8 },
        r#"{"call":"listen","h":"L","port":80,"backlog":8}"#)]
    #[case::connect(Call::Connect { handle: c(), port: 5000, to: "[2001:db8::2]:40000".parse().unwrap(), route: None },
        r#"{"call":"connect","h":"C","port":5000,"to":"[2001:db8::2]:40000"}"#)]
    #[case::connect_by_a_route(Call::Connect { handle: c(), port: 5000, to: "192.0.2.2:40000".parse().unwrap(),
        route: Some("strict:192.0.2.101,192.0.2.102".parse().unwrap()) },
        r#"{"call":"connect","h":"C","port":5000,"to":"192.0.2.2:40000","route":"strict:192.0.2.101,192.0.2.102"}"#)]
    #[case::accept(Call::Accept { handle: Handle("L".to_owned()), new: c() },
        r#"{"call":"accept","h":"L","as":"C"}"#)]
    #[case::send(Call::Send { handle: c(), data: b"ab".to_vec() },
        r#"{"call":"send","h":"C","hex":"6162"}"#)]
    #[case::send_urgent(Call::SendUrgent { handle: c(), data: b"ab".to_vec() },
        r#"{"call":"send","h":"C","hex":"6162","urgent":true}"#)]
    #[case::recv(Call::Recv { handle: c(), max: 100 }, r#"{"call":"recv","h":"C","max":100}"#)]
    #[case::urgent(Call::Urgent { handle: c() }, r#"{"call":"urgent","h":"C"}"#)]
    #[case::report(Call::Report { handle: c() }, r#"{"call":"report","h":"C"}"#)]
    #[case::shutdown(Call::Shutdown { handle: c() }, r#"{"call":"shutdown","h":"C"}"#)]
    #[case::close(Call::Close { handle: c() }, r#"{"call":"close","h":"C"}"#)]
    #[case::abort(Call::Abort { handle: c() }, r#"{"call":"abort","h":"C"}"#)]
    #[case::die(Call::Die, r#"{"call":"die"}"#)]
    #[case::info(Call::Info { handle: c(), names: vec!["rto".to_owned()] },
        r#"{"call":"info","h":"C","names":["rto"]}"#)]
    #[case::nagle(Call::SetOption { handle: c(), option: SocketOption::Nagle(false) },
        r#"{"call":"opt","h":"C","name":"nagle","value":false}"#)]
    #[case::rcvbuf(Call::SetOption { handle: c(), option: SocketOption::ReceiveBuffer(4096) },
        r#"{"call":"opt","h":"C","name":"rcvbuf","value":4096}"#)]
    #[case::keepalive(
        Call::SetOption { handle: c(), option: SocketOption::KeepAlive(Some(Duration::from_secs(2))) },
        r#"{"call":"opt","h":"C","name":"keepalive","value":2000000000}"#)]
    #[case::keepalive_off(Call::SetOption { handle: c(), option: SocketOption::KeepAlive(None) },
        r#"{"call":"opt","h":"C","name":"keepalive","value":false}"#)]
    #[case::keepalive_on(Call::SetOption { handle: c(), option: SocketOption::KeepAliveByDefault },
        r#"{"call":"opt","h":"C","name":"keepalive","value":true}"#)]
    #[case::user_timeout(
        Call::SetOption { handle: c(), option: SocketOption::UserTimeout(Duration::from_secs(3)) },
        r#"{"call":"opt","h":"C","name":"user-timeout","value":3000000000}"#)]
    #[case::ttl(Call::SetOption { handle: c(), option: SocketOption::Ttl(7) },
        r#"{"call":"opt","h":"C","name":"ttl","value":7}"#)]
    #[case::ds(Call::SetOption { handle: c(), option: SocketOption::Ds(46) },
        r#"{"call":"opt","h":"C","name":"ds","value":46}"#)]
    fn call_is_a_line(#[case] call: Call, #[case] line: &str) {
        check(Request::Call(call.clone()), &RequestLine::from(&call), line);
    }

    #[rstest]
    #[case::v4(
        "192.0.2.1",
        24,
        "192.0.2.2",
        None,
        r#"{"open":{"addr":"192.0.2.1/24","peer":"192.0.2.2","mtu":1500,"seed":42}}"#
    )]
    #[case::v6(
        "2001:db8::1",
        64,
        "2001:db8::2",
        Some(7),
        r#"{"open":{"addr":"2001:db8::1/64","peer":"2001:db8::2","mtu":1500,"iss":7,"seed":42}}"#
    )]
    fn open_is_a_line(
        #[case] stack: &str,
        #[case] prefix: u8,
        #[case] peer: &str,
        #[case] iss: Option<u32>,
        #[case] line: &str,
    ) {
        let setup = Setup {
            stack: stack.parse().unwrap(),
            prefix,
            peer: peer.parse().unwrap(),
            mtu: 1500,
            iss: iss.map(SeqNumber::new),
            seed: 42,
        };
        check(
            Request::Open(setup.clone()),
            &RequestLine::from(&setup),
            line,
        );
    }

    #[rstest]
    #[case::packet(RequestLine::packet(&[0x45, 0], true), Request::Packet(vec![0x45, 0]), r#"{"packet":"4500"}"#)]
    #[case::queue(RequestLine::packet(&[0x45], false), Request::Queue(vec![0x45]), r#"{"queue":"45"}"#)]
    #[case::first(
        RequestLine::run(Instant::from_nanos(5), Stop::FirstPacket),
        Request::Run(Instant::from_nanos(5), Stop::FirstPacket),
        r#"{"run":5,"stop":"first"}"#
    )]
    #[case::change(
        RequestLine::run(Instant::MAX, Stop::FirstChange),
        Request::Run(Instant::MAX, Stop::FirstChange),
        r#"{"run":18446744073709551615,"stop":"change"}"#
    )]
    #[case::end(
        RequestLine::run(Instant::ZERO, Stop::AtEnd),
        Request::Run(Instant::ZERO, Stop::AtEnd),
        r#"{"run":0,"stop":"end"}"#
    )]
    #[case::leap(
        RequestLine::leap(Instant::from_nanos(5)),
        Request::Leap(Instant::from_nanos(5)),
        r#"{"leap":5}"#
    )]
    fn other_request_is_a_line(
        #[case] written: RequestLine,
        #[case] request: Request,
        #[case] line: &str,
    ) {
        check(request, &written, line);
    }

    #[rstest]
    #[case::nothing("{}", BadRequest::Unsupported)]
    #[case::verb(r#"{"call":"dance","with":"C"}"#, BadRequest::Unsupported)]
    #[case::option(
        r#"{"call":"opt","h":"C","name":"colour","value":1}"#,
        BadRequest::Unsupported
    )]
    #[case::without_port(r#"{"call":"listen","h":"L"}"#, BadRequest::Malformed("`port` is missing".to_owned()))]
    #[case::value(r#"{"call":"opt","h":"C","name":"ttl","value":"x"}"#,
        BadRequest::Malformed("`ttl` cannot be \"x\"".to_owned()))]
    #[case::address(r#"{"open":{"addr":"192.0.2.1","peer":"192.0.2.2","mtu":1500,"seed":1}}"#,
        BadRequest::Malformed("`addr` has no prefix".to_owned()))]
    fn line_without_meaning_says_why(#[case] line: &str, #[case] expected: BadRequest) {
        let read: RequestLine = serde_json::from_str(line).unwrap();
        assert_eq!(read.meaning(), Err(expected));
    }
}
