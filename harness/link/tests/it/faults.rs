//! What each fault, rule and condition does to a few packets.

use rstest::rstest;
use tcpspec_link::{Conditions, End, Fault, Link, Outage, Rule, Times, Which};
use tcpspec_wire::icmp::Report;
use tcpspec_wire::{Body, Defect, Flags, Instant, Packet};

use crate::{drain, millis, segment, text};

/// Five segments of text, ten milliseconds apart, over a link on which this
/// happens to the second; what arrives is written as `number@millisecond`.
#[rstest]
#[case::drop(Fault::Drop, "0@0 2@20 3@30 4@40")]
#[case::duplicate(Fault::Duplicate(millis(0)), "0@0 1@10 1@10 2@20 3@30 4@40")]
#[case::old_duplicate(Fault::Duplicate(millis(25)), "0@0 1@10 2@20 3@30 1@35 4@40")]
#[case::delay(Fault::Delay(millis(15)), "0@0 2@20 1@25 3@30 4@40")]
#[case::jitter(Fault::Jitter(millis(15)), "0@0 1@25 2@25 3@30 4@40")]
#[case::reorder(Fault::Reorder(1), "0@0 2@20 1@20 3@30 4@40")]
#[case::reorder_far(Fault::Reorder(3), "0@0 2@20 3@30 4@40 1@40")]
#[case::overtaken_by_nothing(Fault::Reorder(9), "0@0 2@20 3@30 4@40 1@210")]
fn fault_of_the_second_segment(#[case] fault: Fault, #[case] arrivals: &str) {
    let mut link = perfect(&[second(fault)]);
    for number in 0..5 {
        let now = Instant::ZERO + millis(u64::from(number) * 10);
        link.send(End::Left, now, text(number * 10));
    }
    assert_eq!(shown(&mut link), arrivals);
    assert_eq!(link.tally().of(fault.word()), 1);
    assert_eq!(link.happened().len(), 1);
}

#[rstest]
#[case::header(Fault::Corrupt(37), Some(Defect::TcpChecksum))]
#[case::counted_on_from_the_start(Fault::Corrupt(30 * 8 + 37), Some(Defect::TcpChecksum))]
#[case::silently(Fault::CorruptSilently(3), None)]
fn one_bit_is_inverted(#[case] fault: Fault, #[case] defect: Option<Defect>) {
    let (sent, arrived) = (text(0), fate_of_the_first(fault, text(0)));
    let bits = |(a, b): (&u8, &u8)| (a ^ b).count_ones();
    let differ = sent.iter().zip(&arrived[0]).map(bits);
    let in_the_checksum = 16;
    let inverted: u32 = differ.sum();
    assert!((1..=1 + in_the_checksum).contains(&inverted));
    let decoded = Packet::decode(&arrived[0]).expect("an IP packet");
    assert_eq!(decoded.defects.first().copied(), defect);
    let text_differs = decoded
        .packet
        .segment()
        .map(|segment| segment.payload != sent[40..]);
    assert_eq!(
        text_differs,
        Some(matches!(fault, Fault::CorruptSilently(_)))
    );
}

#[test]
fn nobody_alters_a_packet_without_text_silently() {
    let ack = segment(Flags::ACK, 7, 0).encode();
    let arrived = fate_of_the_first(Fault::CorruptSilently(5), ack.clone());
    assert_eq!(arrived, [ack]);
}

#[rstest]
#[case::some(Fault::Truncate(3), vec![47])]
#[case::all_but_the_ip_header(Fault::Truncate(500), vec![20])]
#[case::fragments(Fault::Fragment(16), vec![36, 34])]
fn sizes_of_what_arrives(#[case] fault: Fault, #[case] sizes: Vec<usize>) {
    let arrived = fate_of_the_first(fault, text(0));
    let arrived: Vec<usize> = arrived.iter().map(Vec::len).collect();
    assert_eq!(arrived, sizes);
}

/// A SYN, text, its repeat, an ACK, text with FIN, that repeated, a RST: which
/// of these (counted from 0) are lost by a rule.
#[rstest]
#[case(Which::Any, Times::First(2), &[0, 1])]
#[case(Which::Syn, Times::Every, &[0])]
#[case(Which::SynAck, Times::Every, &[])]
#[case(Which::Data, Times::Every, &[1, 2, 4, 5])]
#[case(Which::Data, Times::Nth(2), &[2])]
#[case(Which::Repeat, Times::Every, &[2, 5])]
#[case(Which::Ack, Times::Every, &[3])]
#[case(Which::Fin, Times::First(1), &[4])]
#[case(Which::Rst, Times::Every, &[6])]
#[case(Which::Icmp, Times::Every, &[])]
fn rule_means(#[case] which: Which, #[case] times: Times, #[case] lost: &[usize]) {
    let sent = [
        segment(Flags::SYN, 0, 0),
        segment(Flags::ACK, 1, 10),
        segment(Flags::ACK, 1, 10),
        segment(Flags::ACK, 11, 0),
        segment(Flags::FIN | Flags::ACK, 11, 10),
        segment(Flags::FIN | Flags::ACK, 11, 10),
        segment(Flags::RST | Flags::ACK, 22, 0),
    ];
    let from = Some(End::Left);
    let fault = Fault::Drop;
    let mut link = perfect(&[Rule {
        from,
        which,
        times,
        fault,
    }]);
    let mut missing = Vec::new();
    for (index, packet) in sent.iter().enumerate() {
        link.send(End::Left, Instant::ZERO, packet.encode());
        if drain(&mut link).is_empty() {
            missing.push(index);
        }
    }
    assert_eq!(missing, lost);
}

#[test]
fn rule_counts_one_direction_where_it_names_one() {
    let rule = Rule {
        from: Some(End::Right),
        ..second(Fault::Drop)
    };
    let mut link = perfect(&[rule]);
    for from in [End::Left, End::Left, End::Right, End::Right] {
        link.send(from, Instant::ZERO, text(0));
    }
    let ends: Vec<End> = drain(&mut link).iter().map(|arrival| arrival.to).collect();
    assert_eq!(ends, [End::Right, End::Right, End::Left]);
}

/// 50 octets at 40,000 bits a second keep the link busy for 10 ms.
#[rstest]
#[case::all_wait(None, "0@10 1@20 2@30 3@40 4@50", "arrived 5, sent 5, waited 4")]
#[case::one_waits(Some(120), "0@10 1@20", "arrived 2, queue-full 3, sent 5, waited 1")]
fn bandwidth_and_queue(#[case] queue: Option<u32>, #[case] arrivals: &str, #[case] tally: &str) {
    let conditions = Conditions {
        bandwidth: Some(40_000),
        queue,
        ..Conditions::default()
    };
    let mut link = Link::new(conditions, Conditions::default(), &[], 0);
    for number in 0..5 {
        link.send(End::Left, Instant::ZERO, text(number * 10));
    }
    assert_eq!(shown(&mut link), arrivals);
    assert_eq!(link.tally().to_string(), tally);
}

#[test]
fn outage_takes_what_is_sent_in_it() {
    let outage = Outage {
        from: millis(10),
        lasts: millis(20),
    };
    let conditions = Conditions {
        outages: vec![outage],
        ..Conditions::default()
    };
    let mut link = Link::new(conditions, Conditions::default(), &[], 0);
    for number in 0..5 {
        link.send(
            End::Left,
            Instant::ZERO + millis(u64::from(number) * 10),
            text(number * 10),
        );
    }
    assert_eq!(shown(&mut link), "0@0 3@30 4@40");
    assert_eq!(link.tally().of("outage"), 2);
}

#[test]
fn sender_of_a_packet_that_is_too_large_is_told() {
    let mut link = narrow();
    link.send(End::Left, Instant::ZERO, text(0));
    let arrived = drain(&mut link);
    assert_eq!(arrived.len(), 1);
    assert_eq!(arrived[0].to, End::Left);
    let news = Packet::decode(&arrived[0].octets).expect("a packet");
    assert_eq!(news.defects, []);
    let Body::Icmp(error) = news.packet.body else {
        panic!("no ICMP error: {:?}", news.packet.body);
    };
    assert_eq!(error.report(), Some(Report::PacketTooBig { mtu: 48 }));
    assert_eq!(error.quoted().map(|quoted| quoted.src_port), Some(5000));
}

#[test]
fn packet_that_may_be_fragmented_is() {
    let mut packet = segment(Flags::ACK, 0, 10);
    packet.ip.dont_fragment = false;
    let mut link = narrow();
    link.send(End::Left, Instant::ZERO, packet.encode());
    let sizes: Vec<usize> = drain(&mut link)
        .iter()
        .map(|arrival| arrival.octets.len())
        .collect();
    assert_eq!(sizes, [44, 26]);
}

/// A link that carries 48 octets from left to right.
fn narrow() -> Link {
    let conditions = Conditions {
        mtu: Some(48),
        ..Conditions::default()
    };
    Link::new(conditions, Conditions::default(), &[], 0)
}

fn perfect(rules: &[Rule]) -> Link {
    Link::new(Conditions::default(), Conditions::default(), rules, 0)
}

const fn second(fault: Fault) -> Rule {
    Rule {
        from: None,
        which: Which::Any,
        times: Times::Nth(2),
        fault,
    }
}

fn fate_of_the_first(fault: Fault, packet: Vec<u8>) -> Vec<Vec<u8>> {
    let mut link = perfect(&[Rule {
        times: Times::Nth(1),
        ..second(fault)
    }]);
    link.send(End::Left, Instant::ZERO, packet);
    drain(&mut link)
        .into_iter()
        .map(|arrival| arrival.octets)
        .collect()
}

/// What arrives, by the tens of its sequence number.
fn shown(link: &mut Link) -> String {
    let arrivals = drain(link);
    let words: Vec<String> = arrivals
        .iter()
        .map(|arrival| {
            let decoded = Packet::decode(&arrival.octets).expect("an IP packet");
            let number = decoded
                .packet
                .segment()
                .map_or(0, |segment| segment.seq.value() / 10);
            format!("{number}@{}", arrival.at.as_nanos() / 1_000_000)
        })
        .collect();
    words.join(" ")
}
