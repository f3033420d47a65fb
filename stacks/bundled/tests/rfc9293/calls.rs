//! The user calls, state by state (RFC 9293 sections 3.10.1 to 3.10.6).

use rstest::rstest;
use tcpspec_bundled::{Config, Error};
use tcpspec_wire::State;

use crate::rig::{Rig, World};

#[derive(Clone, Copy, Debug)]
enum Call {
    Send,
    Recv,
    Shutdown,
    Close,
    Abort,
}

fn call(rig: &mut Rig, call: Call) -> String {
    let (now, id) = (rig.now, rig.id());
    let result = match call {
        Call::Send => rig.write(5).map(|_| ()),
        Call::Recv => rig.read(5).map(|_| ()),
        Call::Shutdown => rig.host.shutdown(now, id),
        Call::Close => rig.host.close(now, id),
        Call::Abort => rig.host.abort(now, id),
    };
    let told = match result {
        Ok(()) => "ok".to_owned(),
        Err(error) => error.to_string(),
    };
    format!("{told} | {} | {}", rig.sent(), rig.transitions())
}

/// What is told | what is sent | which states are entered.
#[rstest]
#[case::send_syn_sent(Call::Send, State::SynSent, "try again | - | ")]
#[case::send_established(Call::Send, State::Established, "ok | PSH+ACK seq=1 ack=1 len=5 | ")]
#[case::send_close_wait(Call::Send, State::CloseWait, "ok | PSH+ACK seq=1 ack=2 len=5 | ")]
#[case::send_fin_wait_1(Call::Send, State::FinWait1, "connection closed | - | ")]
#[case::send_fin_wait_2(Call::Send, State::FinWait2, "connection closed | - | ")]
#[case::send_closing(Call::Send, State::Closing, "connection closed | - | ")]
#[case::send_last_ack(Call::Send, State::LastAck, "connection closed | - | ")]
#[case::send_time_wait(Call::Send, State::TimeWait, "connection closed | - | ")]
#[case::recv_syn_sent(Call::Recv, State::SynSent, "try again | - | ")]
#[case::recv_established(Call::Recv, State::Established, "try again | - | ")]
#[case::recv_fin_wait_1(Call::Recv, State::FinWait1, "try again | - | ")]
#[case::recv_fin_wait_2(Call::Recv, State::FinWait2, "try again | - | ")]
#[case::recv_close_wait(Call::Recv, State::CloseWait, "end of data | - | ")]
#[case::recv_closing(Call::Recv, State::Closing, "end of data | - | ")]
#[case::recv_last_ack(Call::Recv, State::LastAck, "end of data | - | ")]
#[case::recv_time_wait(Call::Recv, State::TimeWait, "end of data | - | ")]
#[case::shutdown_syn_sent(Call::Shutdown, State::SynSent, "ok | - | CLOSED")]
#[case::shutdown_established(
    Call::Shutdown,
    State::Established,
    "ok | FIN+ACK seq=1 ack=1 | FIN-WAIT-1"
)]
#[case::shutdown_close_wait(
    Call::Shutdown,
    State::CloseWait,
    "ok | FIN+ACK seq=1 ack=2 | LAST-ACK"
)]
#[case::shutdown_fin_wait_1(Call::Shutdown, State::FinWait1, "connection closed | - | ")]
#[case::shutdown_fin_wait_2(Call::Shutdown, State::FinWait2, "connection closed | - | ")]
#[case::shutdown_closing(Call::Shutdown, State::Closing, "connection closed | - | ")]
#[case::shutdown_last_ack(Call::Shutdown, State::LastAck, "connection closed | - | ")]
#[case::shutdown_time_wait(Call::Shutdown, State::TimeWait, "connection closed | - | ")]
#[case::close_syn_sent(Call::Close, State::SynSent, "ok | - | CLOSED")]
#[case::close_established(
    Call::Close,
    State::Established,
    "ok | FIN+ACK seq=1 ack=1 | FIN-WAIT-1"
)]
#[case::close_close_wait(Call::Close, State::CloseWait, "ok | FIN+ACK seq=1 ack=2 | LAST-ACK")]
#[case::close_fin_wait_1(Call::Close, State::FinWait1, "ok | - | ")]
#[case::close_fin_wait_2(Call::Close, State::FinWait2, "ok | - | ")]
#[case::close_time_wait(Call::Close, State::TimeWait, "ok | - | ")]
#[case::abort_syn_sent(Call::Abort, State::SynSent, "ok | - | CLOSED")]
#[case::abort_established(Call::Abort, State::Established, "ok | RST seq=1 | CLOSED")]
#[case::abort_fin_wait_1(Call::Abort, State::FinWait1, "ok | RST seq=2 | CLOSED")]
#[case::abort_fin_wait_2(Call::Abort, State::FinWait2, "ok | RST seq=2 | CLOSED")]
#[case::abort_close_wait(Call::Abort, State::CloseWait, "ok | RST seq=1 | CLOSED")]
#[case::abort_closing(Call::Abort, State::Closing, "ok | - | CLOSED")]
#[case::abort_last_ack(Call::Abort, State::LastAck, "ok | - | CLOSED")]
#[case::abort_time_wait(Call::Abort, State::TimeWait, "ok | - | CLOSED")]
fn call_state_outcome(#[case] made: Call, #[case] state: State, #[case] outcome: &str) {
    let mut rig = Rig::in_state(World::default(), Config::default(), state);
    assert_eq!(call(&mut rig, made), outcome);
}

#[rstest]
#[case::shutdown(Call::Shutdown, "ok | FIN+ACK seq=1 ack=1 | FIN-WAIT-1")]
#[case::abort(Call::Abort, "ok | RST seq=1 | CLOSED")]
#[case::send(Call::Send, "try again | - | ")]
fn call_syn_received_outcome(#[case] made: Call, #[case] outcome: &str) {
    let mut rig = Rig::simultaneous(World::default());
    assert_eq!(call(&mut rig, made), outcome);
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
    assert_eq!(rig.host.listen(now, 80, 1), Err(Error::InUse));
    let unreachable = ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 2], 80).into();
    assert_eq!(rig.host.connect(now, 1, unreachable), Err(Error::NoAddress));
}

#[test]
fn status_tells_refused_and_keeps_telling_it() {
    let mut rig = Rig::in_state(World::default(), Config::default(), State::SynSent);
    rig.peer("RST+ACK seq=0 ack=1", "-");
    assert_eq!(rig.write(1), Err(Error::Refused));
    assert_eq!(rig.read(1), Err(Error::Refused));
    assert_eq!(rig.state(), State::Closed);
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
