//! States and timers of connections, read from the kernel by their four-tuple
//! (sock_diag), and their removal.
//!
//! A connection is found whether or not anybody holds a descriptor of it:
//! half-open ones of a listener, orphans and TIME-WAIT included.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use rustix::net::netlink;
use tcpspec_connector::Connection;
use tcpspec_wire::State;

use crate::link::family;
use crate::netlink::{ACK, HEADER_LEN, Netlink, REQUEST};
use crate::netns::Inside;

/// A sock_diag socket.
#[derive(Debug)]
pub(crate) struct SockDiag {
    netlink: Netlink,
}

/// The two addresses that all connections of a trial have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Addresses {
    pub(crate) stack: IpAddr,
    pub(crate) peer: IpAddr,
}

/// What the kernel says of a connection that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) state: State,
    /// Time to the expiry of its timer, if one runs that the kernel shows.
    pub(crate) timer: Option<Duration>,
    pub(crate) form: Form,
    /// Which of all sockets there ever were it is.
    cookie: [u8; 8],
}

/// What the kernel keeps of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Half-open: its listener has no socket for it yet.
    Embryo,
    /// A socket, whether or not anybody holds a descriptor of it.
    Socket,
    /// What waits for late segments once the socket has gone.
    Remnant,
}

impl Found {
    /// A socket in this state, of which no more is known.
    pub(crate) const fn socket(state: State) -> Self {
        Self {
            state,
            timer: None,
            form: Form::Socket,
            cookie: ANY,
        }
    }
}

#[cfg(test)]
impl Found {
    pub(crate) const fn of(state: State, form: Form, timer: Option<Duration>) -> Self {
        Self {
            state,
            timer,
            form,
            cookie: ANY,
        }
    }
}

impl SockDiag {
    pub(crate) fn open(inside: &Inside<'_>) -> io::Result<Self> {
        Netlink::open(inside, Some(netlink::SOCK_DIAG)).map(|netlink| Self { netlink })
    }

    /// The connection's state and timer, or `None` if there is no such
    /// connection.
    pub(crate) fn get(
        &self,
        addresses: Addresses,
        connection: Connection,
    ) -> io::Result<Option<Found>> {
        let request = request(SOCK_DIAG_BY_FAMILY, REQUEST, addresses, connection, ANY);
        let mut answer = [0; 1024];
        match self.netlink.ask(&request, &mut answer) {
            Ok((_, body)) => found(body, connection),
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes the connection, in whatever state it is. There may be none.
    pub(crate) fn destroy(&self, addresses: Addresses, connection: Connection) -> io::Result<()> {
        // Without the cookie the kernel's fallback would remove the listener.
        let Some(Found { cookie, .. }) = self.get(addresses, connection)? else {
            return Ok(());
        };
        let request = request(SOCK_DESTROY, REQUEST | ACK, addresses, connection, cookie);
        let mut answer = [0; 1024];
        match self.netlink.ask(&request, &mut answer) {
            Err(error) if error.raw_os_error() != Some(libc::ENOENT) => Err(error),
            _ => Ok(()),
        }
    }
}

/// A message with `struct inet_diag_req_v2` that asks for one socket.
fn request(
    kind: u16,
    flags: u16,
    addresses: Addresses,
    connection: Connection,
    cookie: [u8; 8],
) -> [u8; REQUEST_LEN] {
    let mut octets = [0; REQUEST_LEN];
    octets[..4].copy_from_slice(&(REQUEST_LEN as u32).to_ne_bytes());
    octets[4..6].copy_from_slice(&kind.to_ne_bytes());
    octets[6..8].copy_from_slice(&flags.to_ne_bytes());
    let body = &mut octets[HEADER_LEN..];
    body[0] = family(addresses.stack).as_raw() as u8;
    body[1] = libc::IPPROTO_TCP as u8;
    body[4..8].fill(0xff); // any state
    body[8..10].copy_from_slice(&connection.local.to_be_bytes());
    body[10..12].copy_from_slice(&connection.remote.to_be_bytes());
    put_address(&mut body[12..28], addresses.stack);
    put_address(&mut body[28..44], addresses.peer);
    body[48..56].copy_from_slice(&cookie);
    octets
}

fn put_address(at: &mut [u8], address: IpAddr) {
    match address {
        IpAddr::V4(address) => at[..4].copy_from_slice(&address.octets()),
        IpAddr::V6(address) => at.copy_from_slice(&address.octets()),
    }
}

/// Reads `struct inet_diag_msg`. The kernel falls back to the listener where
/// no connection matches; that is not what was asked for.
fn found(body: &[u8], connection: Connection) -> io::Result<Option<Found>> {
    let message: &[u8; MESSAGE_LEN] = body.first_chunk().ok_or(io::ErrorKind::InvalidData)?;
    let port = |at: usize| u16::from_be_bytes([message[at], message[at + 1]]);
    let answered = Connection {
        local: port(4),
        remote: port(6),
    };
    let expires = [message[52], message[53], message[54], message[55]];
    let timer =
        (message[2] != 0).then(|| Duration::from_millis(u64::from(u32::from_ne_bytes(expires))));
    let mut cookie = ANY;
    cookie.copy_from_slice(&message[44..52]);
    let inode = &message[68..72];
    let form = |state| match state {
        _ if message[2] == TIMER_OF_REMNANT => Form::Remnant,
        State::SynReceived if inode == [0; 4] => Form::Embryo,
        _ => Form::Socket,
    };
    let found = |state| Found {
        state,
        timer,
        form: form(state),
        cookie,
    };
    Ok(state(message[1])
        .filter(|_| answered == connection)
        .map(found))
}

/// The kernel's numbers of the states. 7 is a closed socket, which is as good
/// as none; 12 is a half-open connection of a listener.
pub(crate) const fn state(number: u8) -> Option<State> {
    Some(match number {
        1 => State::Established,
        2 => State::SynSent,
        3 | 12 => State::SynReceived,
        4 => State::FinWait1,
        5 => State::FinWait2,
        6 => State::TimeWait,
        8 => State::CloseWait,
        9 => State::LastAck,
        10 => State::Listen,
        11 => State::Closing,
        _ => return None,
    })
}

/// The number that is shown for the timer of a remnant, and for no other.
const TIMER_OF_REMNANT: u8 = 3;
/// The cookie that fits every socket.
const ANY: [u8; 8] = [0xff; 8];
const SOCK_DIAG_BY_FAMILY: u16 = 20;
const SOCK_DESTROY: u16 = 21;
const REQUEST_LEN: usize = HEADER_LEN + 56;
const MESSAGE_LEN: usize = 72;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const ASKED: Connection = Connection {
        local: 80,
        remote: 40_000,
    };

    /// An answer about the ports, in this state, with this timer and inode.
    fn answer(remote: u16, state: u8, timer: u8, inode: u32) -> Vec<u8> {
        let mut body = vec![0; MESSAGE_LEN];
        (body[1], body[2]) = (state, timer);
        body[4..6].copy_from_slice(&80_u16.to_be_bytes());
        body[6..8].copy_from_slice(&remote.to_be_bytes());
        body[52..56].copy_from_slice(&250_u32.to_ne_bytes());
        body[68..72].copy_from_slice(&inode.to_ne_bytes());
        body
    }

    fn read(body: &[u8]) -> Option<(State, Option<Duration>, Form)> {
        let found = found(body, ASKED).unwrap();
        found.map(|found| (found.state, found.timer, found.form))
    }

    const TIMER: Option<Duration> = Some(Duration::from_millis(250));

    #[rstest]
    #[case::established(answer(40_000, 1, 0, 7), Some((State::Established, None, Form::Socket)))]
    #[case::time_wait(answer(40_000, 6, 3, 0), Some((State::TimeWait, TIMER, Form::Remnant)))]
    #[case::remnant_in_fin_wait_2(
        answer(40_000, 5, 3, 0), Some((State::FinWait2, TIMER, Form::Remnant))
    )]
    #[case::orphan(answer(40_000, 5, 2, 0), Some((State::FinWait2, TIMER, Form::Socket)))]
    #[case::embryo(answer(40_000, 3, 1, 0), Some((State::SynReceived, TIMER, Form::Embryo)))]
    #[case::embryo_by_its_own_number(
        answer(40_000, 12, 1, 0), Some((State::SynReceived, TIMER, Form::Embryo))
    )]
    #[case::crossed_syns(answer(40_000, 3, 1, 7), Some((State::SynReceived, TIMER, Form::Socket)))]
    #[case::fallback_to_the_listener(answer(0, 10, 0, 7), None)]
    #[case::closed(answer(40_000, 7, 0, 7), None)]
    #[case::state_of_a_later_kernel(answer(40_000, 99, 0, 7), None)]
    fn answers_are_read(
        #[case] body: Vec<u8>,
        #[case] expected: Option<(State, Option<Duration>, Form)>,
    ) {
        assert_eq!(read(&body), expected);
    }

    #[test]
    fn a_short_answer_is_an_error() {
        let body = answer(40_000, 1, 0, 7);
        assert!(found(&body[..MESSAGE_LEN - 1], ASKED).is_err());
    }
}
