//! The rungs that a stack climbs by its verbs.

use tcpspec_connector::Stop as Until;
use tcpspec_connector::call::{Call, CallError, Handle, Ret};
use tcpspec_wire::{Capability, Flags, Segment};

use super::talk::{Talk, listener};
use super::{Climbed, Stop};
use crate::peer::Peer;

/// What goes to the stack, and what comes back.
const TO_STACK: &[u8] = b"hello, stack";
const FROM_STACK: &[u8] = b"hello, peer";

/// What its author has to write.
pub(super) fn advice(verb: &str) -> &'static str {
    match verb {
        "listen" => "Write `listen`: remember the port under the name that is given.",
        "accept" => {
            "Write `accept`: give the oldest established connection of the listener the name in \
             `as`; the error is `again` while there is none."
        }
        "send" => {
            "Write `send`: take the octets that there is room for, send what the window allows, \
             and give the number taken."
        }
        "recv" => {
            "Write `recv`: give what has come in order and was not read yet; the error is `again` \
             while there is nothing, `eof` once the peer's FIN was taken and all was read."
        }
        "close" => {
            "Write `close`: send what is left, then a FIN, and forget the name; a listener just \
             goes."
        }
        _ => "Write that verb.",
    }
}

pub(super) fn refuses_nonsense(talk: &mut Talk) -> Climbed {
    talk.open()?;
    let remarks = talk.client.probe(talk.terms.seed)?;
    if remarks.is_empty() {
        return Ok(String::new());
    }
    Err(Stop::breaks(
        remarks.join("; "),
        "Answer a verb or an option that you do not know by `{\"now\":...,\"ret\":{\"err\":\
         \"unsupported\"}}`, and declare nothing that is not there: what is refused is skipped, \
         and that is believed only of whoever refuses nonsense.",
    ))
}

pub(super) fn opens_twice(talk: &mut Talk) -> Climbed {
    for _ in 0..2 {
        talk.open()?;
        if talk.declares(Capability::PassiveOpen) {
            talk.listen()?;
        }
    }
    Ok(String::new())
}

pub(super) fn answers(talk: &mut Talk) -> Climbed {
    talk.open()?;
    talk.listen()?;
    let (_, syn_ack) = half_open(talk, 40_000)?;
    let mss = syn_ack
        .mss()
        .map_or_else(|| "no MSS".to_owned(), |mss| format!("MSS {mss}"));
    Ok(format!("window {}, {mss}", syn_ack.window.value()))
}

/// A SYN, and the answer to it.
pub(super) fn half_open(talk: &mut Talk, port: u16) -> Result<(Peer, Segment), Stop> {
    let mut peer = Peer::new(&talk.world, port);
    talk.say(&mut peer, Flags::SYN, b"")?;
    let due = peer.next;
    let syn_ack = talk.hear(
        &peer,
        "SYN+ACK ack=1",
        |segment| segment.flags == Flags::SYN | Flags::ACK && segment.ack == due,
        "Answer a SYN for a port that is listened on by <SEQ=ISS><ACK=SEG.SEQ+1><CTL=SYN,ACK> \
         (RFC 9293 section 3.10.7.2), in `tx` of the very reply to the packet.",
    )?;
    peer.irs = Some(syn_ack.seq);
    peer.expected = syn_ack.end();
    Ok((peer, syn_ack))
}

/// An established connection, and its name.
pub(super) fn connection(talk: &mut Talk, port: u16) -> Result<(Peer, Handle), Stop> {
    let (mut peer, _) = half_open(talk, port)?;
    talk.say(&mut peer, Flags::ACK, b"")?;
    let new = Handle(format!("C{port}"));
    talk.succeed(&Call::Accept {
        handle: listener(),
        new: new.clone(),
    })?;
    Ok((peer, new))
}

pub(super) fn text(talk: &mut Talk) -> Climbed {
    talk.open()?;
    talk.listen()?;
    let (mut peer, handle) = connection(talk, 40_001)?;
    exchange(talk, &mut peer, &handle)?;
    Ok(String::new())
}

/// Text to the stack, and text from it.
pub(super) fn exchange(talk: &mut Talk, peer: &mut Peer, handle: &Handle) -> Result<(), Stop> {
    talk.say(peer, Flags::PSH | Flags::ACK, TO_STACK)?;
    heard_all(talk, peer)?;
    let recv = Call::Recv {
        handle: handle.clone(),
        max: 1000,
    };
    let got = talk.succeed(&recv)?;
    if got != Ret::Data(TO_STACK.to_vec()) {
        let what = format!(
            "`recv` does not give the {} octets that came",
            TO_STACK.len()
        );
        return Err(Stop::breaks(what, advice("recv")));
    }
    let sent = talk.succeed(&Call::Send {
        handle: handle.clone(),
        data: FROM_STACK.to_vec(),
    })?;
    if sent != Ret::Sent(FROM_STACK.len()) {
        let what = format!("`send` does not take all of {} octets", FROM_STACK.len());
        return Err(Stop::breaks(what, advice("send")));
    }
    let mut came = Vec::new();
    while came.len() < FROM_STACK.len() {
        let due = peer.expected;
        let segment = talk.hear(
            peer,
            "the text that was sent, in order",
            |segment| segment.seq == due && !segment.payload.is_empty(),
            advice("send"),
        )?;
        peer.expected = segment.end();
        came.extend(segment.payload);
        talk.say(peer, Flags::ACK, b"")?;
    }
    if came != FROM_STACK {
        let next = "The text of a segment begins behind its options: see the data offset.";
        return Err(Stop::breaks("other octets came than were sent", next));
    }
    Ok(())
}

/// All that the peer has sent is acknowledged.
fn heard_all(talk: &mut Talk, peer: &Peer) -> Result<(), Stop> {
    let due = peer.next;
    let wanted = "an ACK of all that was sent";
    let is_wanted = |segment: &Segment| segment.flags.contains(Flags::ACK) && segment.ack == due;
    let next = "Take text and FIN that come in order, move RCV.NXT behind them, and acknowledge \
                them within half a second (RFC 9293 section 3.10.7.4, from `seventh` on).";
    talk.hear(peer, wanted, is_wanted, next).map(|_| ())
}

pub(super) fn closes(talk: &mut Talk) -> Climbed {
    talk.open()?;
    talk.listen()?;
    let (mut peer, handle) = connection(talk, 40_002)?;
    close(talk, &mut peer, &handle)?;
    if talk.is_virtual() {
        let quiet = talk.now + std::time::Duration::from_secs(10);
        talk.run(quiet, Until::FirstPacket)?;
    }
    if talk.came.is_empty() {
        return Ok(String::new());
    }
    Err(Stop::breaks(
        "both FINs are acknowledged, and it still sends",
        "In LAST-ACK the ACK of the FIN ends the connection: stop its timers.",
    ))
}

/// The peer closes, then the stack's application.
pub(super) fn close(talk: &mut Talk, peer: &mut Peer, handle: &Handle) -> Result<(), Stop> {
    talk.say(peer, Flags::FIN | Flags::ACK, b"")?;
    heard_all(talk, peer)?;
    let recv = Call::Recv {
        handle: handle.clone(),
        max: 1000,
    };
    if talk.call(&recv)? != Err(CallError::Eof) {
        let what = "after the peer's FIN `recv` does not give `eof`";
        return Err(Stop::breaks(what, advice("recv")));
    }
    talk.succeed(&Call::Close {
        handle: handle.clone(),
    })?;
    let due = peer.expected;
    let fin = talk.hear(
        peer,
        "FIN+ACK",
        |segment| segment.flags.contains(Flags::FIN) && segment.seq == due,
        advice("close"),
    )?;
    peer.expected = fin.end();
    talk.say(peer, Flags::ACK, b"")
}
