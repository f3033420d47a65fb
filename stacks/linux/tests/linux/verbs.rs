//! What the application is told.

use std::time::Duration;

use rstest::rstest;
use tcpspec_connector::call::SocketOption;
use tcpspec_connector::{Call, CallError, CallResult, Ret};
use tcpspec_wire::{Flags, State};

use crate::trial::{
    ACK, FIN, LOCAL, PSH, RST, SYN, Trial, abort, accept, close, handle, listen, recv, send,
    shutdown,
};

/// The way there, a call, and what it gives.
#[rstest]
#[case::accept_without_connection("listen", accept("L"), Err(CallError::Again))]
#[case::accept_half_open("listen SYN", accept("L"), Err(CallError::Again))]
#[case::accept_established("listen SYN ACK", accept("L"), Ok(Ret::Done))]
#[case::listen_twice("listen", listen("M"), Err(CallError::InUse))]
#[case::unknown_handle("listen", recv("X", 1), Err(CallError::Closed))]
#[case::send_while_connecting("connect", send("C", b"a"), Err(CallError::Again))]
#[case::recv_while_connecting("connect", recv("C", 1), Err(CallError::Again))]
#[case::recv_refused("connect RST+ACK", recv("C", 1), Err(CallError::Refused))]
#[case::recv_nothing("establish", recv("C", 1), Err(CallError::Again))]
#[case::recv_no_octets("establish data", recv("C", 0), Err(CallError::Again))]
#[case::recv_part("establish data", recv("C", 2), Ok(Ret::Data(b"ab".into())))]
#[case::recv_all_there_is("establish data", recv("C", 9), Ok(Ret::Data(b"abc".into())))]
#[case::recv_after_fin("establish FIN+ACK", recv("C", 1), Err(CallError::Eof))]
#[case::recv_after_reset("establish RST", recv("C", 1), Err(CallError::Reset))]
#[case::recv_after_being_told("establish RST recv", recv("C", 1), Err(CallError::Closed))]
#[case::send_after_reset("establish RST", send("C", b"a"), Err(CallError::Reset))]
#[case::send_after_being_told("establish RST recv", send("C", b"a"), Err(CallError::Closed))]
#[case::send_after_shutdown("establish shutdown", send("C", b"a"), Err(CallError::Closed))]
#[case::send_after_reset_in_close_wait(
    "establish FIN+ACK RST",
    send("C", b"a"),
    Err(CallError::Reset)
)]
#[case::no_urgent_text("establish", urgent(), Ok(Ret::Urgent(false)))]
#[case::nothing_to_report("establish data", report(), Err(CallError::Again))]
#[case::report_of_the_end("establish RST", report(), Err(CallError::Reset))]
#[case::report_after_the_end("establish RST recv", report(), Err(CallError::Again))]
#[case::send_urgent("establish", send_urgent(b"abc"), Ok(Ret::Sent(3)))]
#[case::send("establish", send("C", b"abc"), Ok(Ret::Sent(3)))]
#[case::shutdown("establish", shutdown("C"), Ok(Ret::Done))]
#[case::close("establish", close("C"), Ok(Ret::Done))]
#[case::use_after_close("establish close", recv("C", 1), Err(CallError::Closed))]
#[case::die("establish", Call::Die, Ok(Ret::Done))]
#[case::die_without_sockets("establish die", Call::Die, Ok(Ret::Done))]
#[case::use_after_death("establish die", recv("C", 1), Err(CallError::Closed))]
#[case::listen_after_death("listen die", listen("L"), Ok(Ret::Done))]
#[case::close_listener("listen", close("L"), Ok(Ret::Done))]
#[case::send_on_listener("listen", send("L", b"a"), Err(CallError::Closed))]
#[case::nagle("establish", option(SocketOption::Nagle(false)), Ok(Ret::Done))]
#[case::rcvbuf("establish", option(SocketOption::ReceiveBuffer(4096)), Ok(Ret::Done))]
#[case::keepalive("establish", option(KEEPALIVE), Ok(Ret::Done))]
#[case::keepalive_by_default("establish", option(SocketOption::KeepAliveByDefault), Ok(Ret::Done))]
#[case::no_keepalive("establish", option(SocketOption::KeepAlive(None)), Ok(Ret::Done))]
#[case::user_timeout(
    "establish",
    option(SocketOption::UserTimeout(Duration::from_secs(90))),
    Ok(Ret::Done)
)]
#[case::ttl("establish", option(SocketOption::Ttl(7)), Ok(Ret::Done))]
#[case::ds("establish", option(SocketOption::Ds(46)), Ok(Ret::Done))]
#[case::keepalive_of_a_day(
    "establish",
    option(SocketOption::KeepAlive(Some(Duration::from_secs(86_400)))),
    Err(CallError::Other("Invalid argument (os error 22)".to_owned()))
)]
fn call_gives(#[case] way: &str, #[case] call: Call, #[case] expected: CallResult) {
    for version in [4, 6] {
        let Some(mut trial) = Trial::open(version) else {
            return;
        };
        trial.play(way);
        assert_eq!(trial.told(&call), expected, "IPv{version}");
    }
}

fn urgent() -> Call {
    let handle = handle("C");
    Call::Urgent { handle }
}

fn report() -> Call {
    let handle = handle("C");
    Call::Report { handle }
}

fn send_urgent(data: &[u8]) -> Call {
    Call::SendUrgent {
        handle: handle("C"),
        data: data.to_vec(),
    }
}

const KEEPALIVE: SocketOption = SocketOption::KeepAlive(Some(Duration::from_secs(2)));

fn option(option: SocketOption) -> Call {
    Call::SetOption {
        handle: handle("C"),
        option,
    }
}

#[rstest]
fn abort_resets_at_once(#[values(4, 6)] version: u8) {
    let Some(mut trial) = Trial::open(version) else {
        return;
    };
    trial.establish().call(&abort("C"));
    trial.expect(State::Closed, &[RST | ACK]);
}

#[rstest]
fn close_with_unread_data_resets(#[values(4, 6)] version: u8) {
    let Some(mut trial) = Trial::open(version) else {
        return;
    };
    trial.establish().inject_data(PSH | ACK, b"abc").close();
    trial.expect(State::Closed, &[RST | ACK]);
}

/// The kernel closes them: what was not read is lost, and that is told.
#[rstest]
#[case::all_read("establish", State::FinWait1, FIN | ACK)]
#[case::unread("establish data", State::Closed, RST | ACK)]
fn sockets_of_the_dead_are_closed(
    #[case] way: &str,
    #[case] state: State,
    #[case] flags: Flags,
    #[values(4, 6)] version: u8,
) {
    let Some(mut trial) = Trial::open(version) else {
        return;
    };
    trial.play(way).call(&Call::Die);
    trial.expect(state, &[flags]);
}

/// More sockets than one process is handed.
#[test]
fn nobody_listens_for_the_dead() {
    let Some(mut trial) = Trial::open(4) else {
        return;
    };
    let ports = LOCAL..LOCAL + 5;
    let listen = |port: u16| Call::Listen {
        handle: handle(&format!("L{port}")),
        port,
        backlog: 1,
    };
    for _ in 0..2 {
        for port in ports.clone() {
            assert_eq!(trial.told(&listen(port)), Ok(Ret::Done), "port {port}");
        }
        assert_eq!(trial.told(&Call::Die), Ok(Ret::Done));
    }
    trial.inject(SYN);
    assert_eq!(trial.flags(), [RST | ACK]);
}

#[rstest]
fn sent_octets_are_on_the_wire_at_once(#[values(4, 6)] version: u8) {
    let Some(mut trial) = Trial::open(version) else {
        return;
    };
    trial.establish().call(&send("C", b"hello"));
    assert_eq!(trial.flags(), [PSH | ACK]);
    assert_eq!(crate::trial::segment(&trial.last.tx[0]).payload, b"hello");
}
