//! The user calls, state by state (RFC 9293 sections 3.10.1 to 3.10.6).

use std::time::Duration;

use rstest::rstest;
use tcpspec_bundled::{Config, Error};
use tcpspec_wire::State;

use crate::rig::{Rig, World};

#[derive(Clone, Copy, Debug)]
enum Call {
    /// Active OPEN of the same pair of sockets.
    Open,
    Send,
    Recv,
    Shutdown,
    Close,
    Abort,
    Status,
}

fn call(rig: &mut Rig, call: Call) -> String {
    let (now, id, remote) = (rig.now, rig.id(), rig.remote());
    let result = match call {
        Call::Open => rig.host.connect(now, 80, remote).map(|_| ()),
        Call::Send => rig.write(5).map(|_| ()),
        Call::Recv => rig.read(5).map(|_| ()),
        Call::Shutdown => rig.host.shutdown(now, id),
        Call::Close => rig.host.close(now, id),
        Call::Abort => rig.host.abort(now, id),
        Call::Status => return rig.host.state(id).name().to_owned(),
    };
    let told = match result {
        Ok(()) => "ok".to_owned(),
        Err(error) => error.to_string(),
    };
    let (sent, entered) = (rig.sent(), rig.transitions());
    [told, sent, entered]
        .join(" | ")
        .replace(" | - | ", " | ")
        .trim_end_matches([' ', '|'])
        .to_owned()
}

/// Every state in which there is a connection, in the order of the columns.
const STATES: [State; 9] = [
    State::SynSent,
    State::SynReceived,
    State::Established,
    State::FinWait1,
    State::FinWait2,
    State::CloseWait,
    State::Closing,
    State::LastAck,
    State::TimeWait,
];

/// SYN-RECEIVED after an active open, for after a passive one no user has the
/// connection yet.
fn rig_in(state: State) -> Rig {
    if state == State::SynReceived {
        Rig::simultaneous(World::default())
    } else {
        Rig::in_state(World::default(), Config::default(), state)
    }
}

const AGAIN: &str = "try again";
const CLOSED: &str = "connection does not exist";
const CLOSING: &str = "connection closing";
const EOF: &str = "end of data";
const DELETED: &str = "ok | CLOSED";

/// What is told | what is sent, if anything | which states are entered, if any.
#[rstest]
#[case::open(Call::Open, ["address in use"; 9])]
#[case::send(Call::Send, [
    AGAIN,
    AGAIN,
    "ok | PSH+ACK seq=1 ack=1 len=5",
    CLOSING,
    CLOSING,
    "ok | PSH+ACK seq=1 ack=2 len=5",
    CLOSING,
    CLOSING,
    CLOSING,
])]
#[case::receive(Call::Recv, [AGAIN, AGAIN, AGAIN, AGAIN, AGAIN, EOF, EOF, EOF, EOF])]
#[case::shutdown(Call::Shutdown, [
    DELETED,
    "ok | FIN+ACK seq=1 ack=1 | FIN-WAIT-1",
    "ok | FIN+ACK seq=1 ack=1 | FIN-WAIT-1",
    CLOSING,
    CLOSING,
    "ok | FIN+ACK seq=1 ack=2 | LAST-ACK",
    CLOSING,
    CLOSING,
    CLOSING,
])]
#[case::close(Call::Close, [
    DELETED,
    "ok | FIN+ACK seq=1 ack=1 | FIN-WAIT-1",
    "ok | FIN+ACK seq=1 ack=1 | FIN-WAIT-1",
    "ok",
    "ok",
    "ok | FIN+ACK seq=1 ack=2 | LAST-ACK",
    "ok",
    "ok",
    "ok",
])]
#[case::abort(Call::Abort, [
    DELETED,
    "ok | RST seq=1 | CLOSED",
    "ok | RST seq=1 | CLOSED",
    "ok | RST seq=2 | CLOSED",
    "ok | RST seq=2 | CLOSED",
    "ok | RST seq=1 | CLOSED",
    DELETED,
    DELETED,
    DELETED,
])]
#[case::status(Call::Status, [
    "SYN-SENT",
    "SYN-RECEIVED",
    "ESTABLISHED",
    "FIN-WAIT-1",
    "FIN-WAIT-2",
    "CLOSE-WAIT",
    "CLOSING",
    "LAST-ACK",
    "TIME-WAIT",
])]
fn call_outcome_by_state(#[case] made: Call, #[case] outcomes: [&str; 9]) {
    for (state, outcome) in STATES.into_iter().zip(outcomes) {
        let mut rig = rig_in(state);
        assert_eq!(call(&mut rig, made), outcome, "{made:?} in {state}");
    }
}

/// CLOSED: the user has let go, or never had it.
#[rstest]
#[case::send(Call::Send, CLOSED)]
#[case::receive(Call::Recv, CLOSED)]
#[case::shutdown(Call::Shutdown, CLOSED)]
#[case::close(Call::Close, CLOSED)]
#[case::abort(Call::Abort, CLOSED)]
#[case::status(Call::Status, "CLOSED")]
fn call_without_a_connection(#[case] made: Call, #[case] outcome: &str) {
    for state in STATES {
        let mut rig = rig_in(state);
        call(&mut rig, Call::Abort);
        assert_eq!(call(&mut rig, made), outcome, "aborted in {state}");
    }
}

/// A connection that somebody else ended, while the user still holds it.
#[rstest]
#[case::refused(
    State::SynSent,
    "RST+ACK seq=0 ack=1",
    "connection refused",
    "connection refused"
)]
#[case::refused_late(
    State::SynReceived,
    "RST seq=1",
    "connection refused",
    "connection refused"
)]
#[case::reset(
    State::Established,
    "RST seq=1",
    "connection reset",
    "connection reset"
)]
#[case::reset_fin_wait_1(State::FinWait1, "RST seq=1", "connection reset", "connection reset")]
#[case::reset_fin_wait_2(State::FinWait2, "RST seq=1", "connection reset", "connection reset")]
#[case::reset_close_wait(State::CloseWait, "RST seq=2", "connection reset", "connection reset")]
#[case::over_closing(State::Closing, "RST seq=2", CLOSED, EOF)]
#[case::over_last_ack(State::LastAck, "ACK seq=2 ack=2", CLOSED, EOF)]
#[case::over_time_wait(State::TimeWait, "RST seq=2", CLOSED, EOF)]
fn end_is_told_for_as_long_as_the_user_asks(
    #[case] state: State,
    #[case] last: &str,
    #[case] on_send: &str,
    #[case] on_receive: &str,
) {
    let mut rig = rig_in(state);
    rig.peer(last, "-");
    rig.transitions();
    for _ in 0..2 {
        assert_eq!(call(&mut rig, Call::Send), on_send);
        assert_eq!(call(&mut rig, Call::Recv), on_receive);
        assert_eq!(call(&mut rig, Call::Shutdown), on_send);
        assert_eq!(call(&mut rig, Call::Status), "CLOSED");
    }
    assert_eq!(call(&mut rig, Call::Close), "ok");
    assert_eq!(call(&mut rig, Call::Recv), CLOSED);
}

/// LISTEN, which is a port and no connection.
#[test]
fn listening_port_is_opened_and_closed_once() {
    let mut rig = Rig::new(World::default(), Config::default());
    let now = rig.now;
    assert_eq!(rig.host.accept(80), Err(Error::Closed));
    assert_eq!(rig.host.close_listener(now, 80), Err(Error::Closed));
    assert_eq!(rig.host.listen(now, 80, 1), Ok(()));
    assert_eq!(rig.host.listen(now, 80, 1), Err(Error::InUse));
    assert_eq!(rig.host.accept(80), Err(Error::Again));
    assert_eq!(rig.host.listener_state(80), State::Listen);
    assert_eq!(rig.host.close_listener(now, 80), Ok(()));
    assert_eq!(rig.host.listener_state(80), State::Closed);
    assert_eq!(rig.transitions(), "LISTEN CLOSED");
}

#[test]
fn shutdown_in_syn_received_still_gets_its_syn_acknowledged() {
    let mut rig = Rig::simultaneous(World::default());
    rig.shutdown("FIN+ACK seq=1 ack=1");
    assert_eq!(rig.next().1, "SYN+ACK seq=0 ack=1; FIN+ACK seq=1 ack=1");
    rig.peer("ACK seq=1 ack=1", "-");
    rig.peer("ACK seq=1 ack=2", "-");
    assert_eq!(rig.state(), State::FinWait2);
}

#[test]
fn aborted_connection_answers_like_a_closed_port() {
    let mut rig = Rig::in_state(World::default(), Config::default(), State::Established);
    call(&mut rig, Call::Abort);
    rig.host.close_listener(rig.now, 80).unwrap();
    rig.peer("ACK seq=1 ack=1", "RST seq=1");
    assert_eq!(rig.read(1), Err(Error::Closed));
}

#[test]
fn port_and_pair_of_sockets_are_given_out_once() {
    let mut rig = Rig::in_state(World::default(), Config::default(), State::SynSent);
    let (now, remote) = (rig.now, rig.remote());
    assert_eq!(rig.host.connect(now, 80, remote), Err(Error::InUse));
    assert!(rig.host.connect(now, 0, remote).is_ok());
    assert!(rig.host.connect(now, 0, remote).is_ok());
    assert_eq!(rig.host.listen(now, 80, 1), Ok(()));
    let unreachable = ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 2], 80).into();
    assert_eq!(rig.host.connect(now, 1, unreachable), Err(Error::NoAddress));
}

#[test]
fn handle_of_an_ended_connection_does_not_touch_its_successor() {
    let mut rig = Rig::in_state(World::default(), Config::default(), State::SynSent);
    rig.peer("RST+ACK seq=0 ack=1", "-");
    let ended = rig.id();
    rig.connect();
    rig.host.close(rig.now, ended).unwrap();
    rig.peer("SYN+ACK seq=0 ack=1", "ACK seq=1 ack=1");
}

#[test]
fn status_tells_what_the_rfc_lists() {
    let mut rig = Rig::in_state(World::default(), Config::default(), State::Established);
    rig.peer("ACK seq=1 ack=1 win=500 len=30", "-");
    rig.write(700).unwrap();
    rig.sent();
    let status = rig.host.status(rig.id()).unwrap();
    assert_eq!(status.local, ([192, 0, 2, 1], 80).into());
    assert_eq!(status.remote, rig.remote());
    assert_eq!(status.state, State::Established);
    assert_eq!((status.receive_window, status.unread), (65_505, 30));
    assert_eq!((status.send_window, status.unacknowledged), (500, 700));
    assert_eq!((status.urgent_ahead, status.dscp), (0, 0));
    assert_eq!(status.user_timeout, Some(Duration::from_secs(100)));

    let id = rig.id();
    call(&mut rig, Call::Abort);
    assert_eq!(rig.host.status(id), None);
}
