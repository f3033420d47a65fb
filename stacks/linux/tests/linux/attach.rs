//! Both attachments hand over what the kernel's TCP made, and nothing else.

use rstest::rstest;
use tcpspec_linux::{Attachment, Settings};
use tcpspec_wire::{Flags, State};

use crate::trial::{ACK, SYN, Trial, segment, send};

fn open(attach: Attachment, version: u8) -> Option<Trial> {
    let settings = Settings {
        attach: Some(attach),
        ..Settings::from_env()
    };
    Trial::open_with(settings, version)
}

/// Checksums are right (`segment` looks), and nobody has joined segments.
#[rstest]
fn segments_are_as_tcp_made_them(
    #[values(Attachment::Tun, Attachment::Veth)] attach: Attachment,
    #[values(4, 6)] version: u8,
) {
    let Some(mut trial) = open(attach, version) else {
        return;
    };
    trial.establish().call(&send("C", &[7; 20_000]));
    let sent: Vec<usize> = trial
        .last
        .tx
        .iter()
        .map(|sent| segment(sent).payload.len())
        .collect();
    assert!(sent.len() > 3, "{sent:?}");
    assert!(sent.iter().all(|len| *len <= 1460), "{sent:?}");
}

#[rstest]
fn wrong_checksum_is_not_let_pass(
    #[values(Attachment::Tun, Attachment::Veth)] attach: Attachment,
    #[values(4, 6)] version: u8,
) {
    let Some(mut trial) = open(attach, version) else {
        return;
    };
    trial.listen();
    let mut packet = trial.packet(SYN, &[]);
    *packet.last_mut().unwrap() ^= 1;
    assert_eq!(trial.inject_octets(packet).flags(), []);
    trial.inject(SYN).expect(State::SynReceived, &[SYN | ACK]);
}

/// Neither of the two devices says anything by itself.
#[rstest]
fn only_the_stack_speaks(
    #[values(Attachment::Tun, Attachment::Veth)] attach: Attachment,
    #[values(4, 6)] version: u8,
) {
    let Some(mut trial) = open(attach, version) else {
        return;
    };
    trial.establish();
    assert_eq!(trial.flags(), Vec::<Flags>::new());
    let until = trial.last.now + std::time::Duration::from_millis(50);
    trial.run(until, tcpspec_connector::Stop::AtEnd);
    assert_eq!(trial.last.tx, []);
}
