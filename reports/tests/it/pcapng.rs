//! Captures, read back by a reader that is not ours.

use std::collections::BTreeSet;

use pcap_parser::{Block, OptionCode, PcapNGOption, parse_block_le};
use rstest::rstest;
use tcpspec_record::{Event, Log, Side, Verdict};
use tcpspec_reports::{Report, pcapng};

use crate::fixture;

/// What another reader finds in a capture.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    section: String,
    /// Link type, name and comment.
    interfaces: Vec<(i32, String, String)>,
    /// Interface, nanoseconds, octets, direction and comment.
    packets: Vec<(u32, u64, Vec<u8>, u32, String)>,
}

fn option(options: &[PcapNGOption<'_>], code: u16) -> Vec<u8> {
    let mut all = options.iter();
    let found = all.find(|option| option.code == OptionCode(code));
    let value = found.map(|option| option.value[..usize::from(option.len)].to_vec());
    value.unwrap_or_default()
}

fn text(options: &[PcapNGOption<'_>], code: u16) -> String {
    String::from_utf8(option(options, code)).unwrap()
}

#[track_caller]
fn read(file: &[u8]) -> Seen {
    let mut seen = Seen::default();
    let mut rest = file;
    while !rest.is_empty() {
        let (after, block) = parse_block_le(rest).unwrap();
        rest = after;
        match block {
            Block::SectionHeader(section) => seen.section = text(&section.options, 1),
            Block::InterfaceDescription(interface) => {
                assert_eq!(option(&interface.options, 9), [9], "nanoseconds");
                let (name, comment) = (text(&interface.options, 2), text(&interface.options, 1));
                seen.interfaces.push((interface.linktype.0, name, comment));
            }
            Block::EnhancedPacket(packet) => {
                let at = (u64::from(packet.ts_high) << 32) | u64::from(packet.ts_low);
                let octets = packet.data[..packet.caplen as usize].to_vec();
                let direction = option(&packet.options, 2).try_into().unwrap();
                let direction = u32::from_le_bytes(direction);
                let comment = text(&packet.options, 1);
                seen.packets
                    .push((packet.if_id, at, octets, direction, comment));
            }
            other => panic!("a capture holds no {other:?}"),
        }
    }
    seen
}

/// All captures of a log, by path.
fn captures(log: &Log) -> Vec<(String, Vec<u8>)> {
    let report = Report::from_log(log);
    let captures = pcapng::captures(&report);
    let files = captures.iter();
    files
        .map(|capture| (capture.path(), capture.render("tcpspec 0.1.0")))
        .collect()
}

#[test]
fn another_reader_finds_packets_times_and_comments() {
    let log = fixture::log();
    let (path, file) = captures(&log).swap_remove(0);
    assert_eq!(path, "captures/closing/fin-retransmitted.pcapng");
    insta::assert_debug_snapshot!(read(&file));
}

#[test]
fn capture_holds_every_packet_of_the_trials_that_it_is_of() {
    let log = fixture::log();
    let packets: usize = captures(&log)
        .iter()
        .map(|(_, file)| read(file).packets.len())
        .sum();
    let explained = log.trials.iter().filter(|trial| match trial.verdict {
        Verdict::Crash
        | Verdict::Stuck
        | Verdict::Fail
        | Verdict::Deviates
        | Verdict::Inconclusive => true,
        Verdict::Blocked | Verdict::Skip | Verdict::Pass => false,
    });
    let events = explained.flat_map(|trial| &trial.trace);
    let in_log = events.filter(|event| matches!(event.event, Event::Packet { .. }));
    assert_eq!(packets, in_log.count());
}

#[test]
fn trial_without_capture_names_none() {
    let log = fixture::log();
    let report = Report::from_log(&log);
    let paths: BTreeSet<String> = captures(&log).into_iter().map(|(path, _)| path).collect();
    let named = log
        .trials
        .iter()
        .filter_map(|trial| pcapng::path_of(&report, trial));
    assert_eq!(named.collect::<BTreeSet<_>>(), paths);
    let passed = fixture::trial(&log, Verdict::Pass);
    assert_eq!(pcapng::path_of(&report, passed), None);
}

#[rstest]
#[case::out_of_the_directory("../../etc/passwd", "captures/_/_/etc/passwd.pcapng")]
#[case::root("/etc/passwd", "captures/_/etc/passwd.pcapng")]
#[case::control("a\0\n\x1b/b c", "captures/a___/b_c.pcapng")]
#[case::hidden(".ssh/x", "captures/ssh/x.pcapng")]
fn hostile_name_stays_in_the_directory(#[case] id: &str, #[case] path: &str) {
    let mut log = fixture::log();
    let mut trial = fixture::trial(&log, Verdict::Fail).clone();
    trial.id.case.0 = id.to_owned();
    log.trials = vec![trial];
    assert_eq!(captures(&log)[0].0, path);
}

#[rstest]
#[case::no_hex("zz")]
#[case::half("450")]
#[case::beyond_ascii("4500ü")]
#[case::sign("+4+5")]
fn octets_that_are_none_are_told_and_not_guessed(#[case] hostile: &str) {
    let mut log = fixture::log();
    let long = "é".repeat(100_000);
    for trial in &mut log.trials {
        trial.reason.clone_from(&long);
        for event in &mut trial.trace {
            if let Event::Packet { octets, from, .. } = &mut event.event
                && *from == Side::Sut
            {
                hostile.clone_into(octets);
            }
        }
    }
    for (_, file) in captures(&log) {
        let seen = read(&file);
        let of_stack = seen.packets.iter().filter(|packet| packet.3 == 1);
        for (.., octets, _, comment) in of_stack {
            assert!(octets.is_empty());
            assert!(comment.contains("the log does not tell the octets of"));
        }
    }
}
