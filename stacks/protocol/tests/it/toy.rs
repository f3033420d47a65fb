//! Connectors of a few lines of shell.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use tcpspec_connector::{Setup, StackError};
use tcpspec_protocol::{Address, Client};

/// Long enough for whoever answers at all.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A hello that nothing is wrong with.
pub(crate) const HELLO: &str = r#"echo '{"hello":1,"name":"toy","clock":"virtual","caps":["ipv4","data"],"info":["pid"],"reopen":true}'"#;

/// An answer to anything but a call.
pub(crate) const NOTHING: &str = r#"echo '{"now":0,"next":null}'"#;

/// A script as a stack.
pub(crate) fn address(script: &str) -> Address {
    let quoted = script.replace('\'', r"'\''");
    format!("exec:sh -c '{quoted}'").parse().unwrap()
}

pub(crate) fn connect(script: &str, patience: Duration) -> Result<Client, StackError> {
    Client::connect(address(script), patience)
}

pub(crate) fn setup() -> Setup {
    Setup {
        stack: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
        prefix: 24,
        peer: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)),
        mtu: 1500,
        iss: None,
        seed: 42,
    }
}
