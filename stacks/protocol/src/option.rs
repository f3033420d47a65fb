//! Options of sockets as a line carries them: a name and a JSON value. Times are
//! nanoseconds.

use std::time::Duration;

use serde_json::Value;
use tcpspec_connector::call::SocketOption;

use crate::request::BadRequest;

/// An option's name and value.
pub(crate) fn written(option: SocketOption) -> (&'static str, Value) {
    match option {
        SocketOption::Nagle(on) => ("nagle", on.into()),
        SocketOption::ReceiveBuffer(octets) => ("rcvbuf", octets.into()),
        SocketOption::KeepAlive(Some(idle)) => ("keepalive", nanos(idle).into()),
        SocketOption::KeepAlive(None) => ("keepalive", false.into()),
        SocketOption::KeepAliveByDefault => ("keepalive", true.into()),
        SocketOption::UserTimeout(time) => ("user-timeout", nanos(time).into()),
        SocketOption::Ttl(hops) => ("ttl", hops.into()),
        SocketOption::Ds(codepoint) => ("ds", codepoint.into()),
    }
}

/// The option of this name with this value.
pub(crate) fn read(name: &str, value: Option<&Value>) -> Result<SocketOption, BadRequest> {
    let value = value.unwrap_or(&Value::Null);
    let number = value.as_u64();
    let octet = number.and_then(|number| u8::try_from(number).ok());
    let option = match name {
        "nagle" => value.as_bool().map(SocketOption::Nagle),
        "rcvbuf" => number
            .and_then(|octets| u32::try_from(octets).ok())
            .map(SocketOption::ReceiveBuffer),
        "keepalive" => match (value.as_bool(), number) {
            (Some(true), _) => Some(SocketOption::KeepAliveByDefault),
            (Some(false), _) => Some(SocketOption::KeepAlive(None)),
            (None, idle) => {
                idle.map(|idle| SocketOption::KeepAlive(Some(Duration::from_nanos(idle))))
            }
        },
        "user-timeout" => number.map(|time| SocketOption::UserTimeout(Duration::from_nanos(time))),
        "ttl" => octet.map(SocketOption::Ttl),
        "ds" => octet.map(SocketOption::Ds),
        _ => return Err(BadRequest::Unsupported),
    };
    option.ok_or_else(|| BadRequest::Malformed(format!("`{name}` cannot be {value}")))
}

/// A time as lines carry it.
pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
