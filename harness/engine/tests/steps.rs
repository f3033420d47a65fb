//! What steps do on the wire, seen in the trace of a trial on the bundled
//! stack.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use rstest::rstest;
use tcpspec_bundled_adapter::Bundled;
use tcpspec_casefile::suite::SourceFile;
use tcpspec_casefile::{Variant, load_files};
use tcpspec_connector::{Call, Hello, Reply, Ret, Setup, StackError, StackUnderTest, Stop};
use tcpspec_engine::{Plan, drive};
use tcpspec_record::{CaseId, Event, IpVersion, Isn, Side, Trial, TrialId, Verdict};
use tcpspec_wire::text::Hex;
use tcpspec_wire::{Body, Capability, IcmpError, Instant, Packet};

const CATALOGUE: &str =
    "- {id: '1:MUST-1', level: MUST, section: '1', topic: t, summary: s, how: h, source: text}";

/// A connection with ten octets of the stack in flight.
const BEGIN: &str = "title: T\npurpose: P\nlevel: must\nclaims: ['1:MUST-1']\nsteps:\n  \
    - app: listen\n  - peer: SYN\n  - sut: SYN+ACK\n    as: opening\n  - peer: ACK\n  - app: accept\n  \
    - app: send len=10\n  - sut: ACK len=10\n    as: text\n";

fn variant(steps: &str) -> Arc<Variant> {
    let files = [
        SourceFile::new("requirements/rfc1.yaml", CATALOGUE),
        SourceFile::new("test/case.yaml", &format!("{BEGIN}{steps}")),
    ];
    let suite = load_files(&files);
    let complaints: Vec<String> = suite.diagnostics.iter().map(|d| d.render(false)).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    Arc::new(suite.variants().next().unwrap().clone())
}

fn plan(steps: &str, ip: IpVersion, stack: &Bundled) -> Plan {
    let id = TrialId {
        case: CaseId("test/case".to_owned()),
        variant: String::new(),
        stack: "bundled".to_owned(),
        ip,
        isn: Isn::Random,
        faults: String::new(),
        seed: 1,
    };
    Plan {
        id,
        variant: variant(steps),
        hello: Arc::new(stack.hello().clone()),
        faults: None,
        even_late: None,
    }
}

fn play(steps: &str, ip: IpVersion) -> Trial {
    let mut stack = Bundled::default();
    drive(plan(steps, ip, &stack), &mut stack)
}

/// The packets of one side.
fn packets(trial: &Trial, side: Side) -> Vec<Packet> {
    let of_side = |event: &Event| match event {
        Event::Packet { from, octets, .. } if *from == side => Some(
            Packet::decode(&Hex::octets(octets).unwrap())
                .unwrap()
                .packet,
        ),
        _ => None,
    };
    trial
        .trace
        .iter()
        .filter_map(|t| of_side(&t.event))
        .collect()
}

fn error_in(trial: &Trial) -> (Packet, IcmpError) {
    let mut all = packets(trial, Side::Peer).into_iter();
    all.find_map(|packet| match packet.body.clone() {
        Body::Icmp(error) => Some((packet, error)),
        _ => None,
    })
    .unwrap()
}

#[rstest]
#[case::last("unreachable port", (3, 3), (1, 4), 1)]
#[case::label("unreachable frag-needed mtu=1300 quote=text", (3, 4), (2, 0), 1)]
#[case::too_big_by_its_other_name("packet-too-big mtu=1300 quote=opening", (3, 4), (2, 0), 0)]
#[case::another_number("time-exceeded ttl seq=snd.nxt+5", (11, 0), (3, 0), 16)]
#[case::wrapped("parameter-problem pointer=9 seq=-3", (12, 0), (4, 0), -3)]
fn icmp_error_quotes_a_segment_of_the_stack(
    #[case] text: &str,
    #[case] v4: (u8, u8),
    #[case] v6: (u8, u8),
    #[case] seq: i64,
    #[values(IpVersion::V4, IpVersion::V6)] ip: IpVersion,
) {
    let trial = play(&format!("  - icmp: {text}\n"), ip);
    assert!(
        !matches!(trial.verdict, Verdict::Fail | Verdict::Crash),
        "{}",
        trial.reason
    );
    let (packet, error) = error_in(&trial);
    let kind = if ip == IpVersion::V4 { v4 } else { v6 };
    assert_eq!((error.kind, error.code), kind, "{text}");
    let quoted = error.quoted().unwrap();
    let opening = packets(&trial, Side::Sut)[0].clone();
    let iss = opening.segment().unwrap().seq;
    assert_eq!(quoted.seq, iss.offset(seq), "{text}");
    assert_eq!(
        (quoted.src, quoted.dst),
        (packet.ip.dst, packet.ip.src),
        "{text}"
    );
    assert_eq!((quoted.src_port, quoted.dst_port), (80, 40_000), "{text}");
}

#[test]
fn icmp_error_can_be_false_and_cut_and_come_from_elsewhere() {
    let trial = play(
        "  - icmp: unreachable host sport=81 dport=7 len=8 from=router\n",
        IpVersion::V4,
    );
    let (packet, error) = error_in(&trial);
    let quoted = error.quoted().unwrap();
    assert_eq!((quoted.src_port, quoted.dst_port), (81, 7));
    assert_eq!(error.quote.len(), 28);
    assert_ne!(packet.ip.src, quoted.dst);
}

#[test]
fn icmp_error_is_obeyed_by_whom_it_concerns() {
    let abort = "  - icmp: unreachable port\n  - gone: now\n";
    assert_eq!(play(abort, IpVersion::V6).verdict, Verdict::Pass);
    let other = "  - icmp: unreachable port sport=81\n  - gone: now\n";
    assert_eq!(play(other, IpVersion::V6).verdict, Verdict::Fail);
}

/// Where the two sides begin.
fn begins(params: &str, isn: Isn, settable: bool) -> (u32, u32) {
    let mut stack = Bundled::default();
    let mut plan = plan(&format!("  - quiet: 1ms\n{params}"), IpVersion::V4, &stack);
    plan.id.isn = isn;
    if !settable {
        let mut hello = stack.hello().clone();
        hello.capabilities.remove(&Capability::Isn);
        plan.hello = Arc::new(hello);
    }
    let trial = drive(plan, &mut stack);
    assert_eq!(trial.verdict, Verdict::Pass, "{}", trial.reason);
    let first = |side| packets(&trial, side)[0].segment().unwrap().seq.value();
    (first(Side::Peer), first(Side::Sut))
}

#[test]
fn numbers_wrap_where_the_trial_wants_it_and_the_stack_lets_them() {
    let (peer, sut) = begins("", Isn::Wrap, true);
    assert_eq!((peer, sut), (u32::MAX - 1, u32::MAX));
    let (peer, sut) = begins("", Isn::Wrap, false);
    assert_eq!(peer, u32::MAX - 1);
    let random = begins("", Isn::Random, true);
    assert_eq!(random.1, sut);
    assert_ne!(random.0, peer);
    assert_eq!(begins("params: {iss: 7}\n", Isn::Wrap, true), (7, u32::MAX));
}

#[test]
fn case_about_one_version_of_ip_is_skipped_on_the_other() {
    let quench = "  - icmp: source-quench\n";
    let stack = Bundled::default();
    assert_eq!(plan(quench, IpVersion::V4, &stack).skip_reason(), None);
    let reason = plan(quench, IpVersion::V6, &stack).skip_reason();
    assert_eq!(reason.as_deref(), Some("the case is about IPv4 alone"));
    let mut deaf = plan("", IpVersion::V6, &stack);
    let mut hello = stack.hello().clone();
    hello.capabilities.remove(&Capability::Ipv6);
    deaf.hello = Arc::new(hello);
    assert_eq!(
        deaf.skip_reason().as_deref(),
        Some("the stack does not declare ipv6")
    );
}

/// The bundled stack with a counter that is 5 at first and one more at each
/// look, and a field that is not there at first.
struct Counting(Bundled, Hello, u64);

impl Counting {
    fn new() -> Self {
        let stack = Bundled::default();
        let mut hello = stack.hello().clone();
        hello.info = ["host.looks", "tcp.field"].map(str::to_owned).into();
        Self(stack, hello, 5)
    }
}

impl StackUnderTest for Counting {
    fn hello(&self) -> &Hello {
        &self.1
    }

    fn open(&mut self, setup: &Setup) -> Result<Reply, StackError> {
        self.0.open(setup)
    }

    fn call(&mut self, call: &Call) -> Result<Reply, StackError> {
        let Call::Info { names, .. } = call else {
            return self.0.call(call);
        };
        let mut reply = self.0.run(Instant::ZERO, Stop::FirstPacket)?;
        let value = |name: &String| match name.as_str() {
            "host.looks" => Some(self.2),
            _ => (self.2 > 5).then_some(2),
        };
        reply.ret = Some(Ok(Ret::Info(names.iter().map(value).collect())));
        self.2 += 1;
        Ok(reply)
    }

    fn deliver(&mut self, packets: &[Vec<u8>]) -> Result<Reply, StackError> {
        self.0.deliver(packets)
    }

    fn run(&mut self, until: Instant, stop: Stop) -> Result<Reply, StackError> {
        self.0.run(until, stop)
    }
}

#[rstest]
#[case::value("host.looks: 5", "")]
#[case::wrong_value("host.looks: 4", "shows host.looks=5; host.looks=4 is required")]
#[case::range("host.looks: 1..5", "")]
#[case::below_the_range("host.looks: 6..9", "host.looks=5")]
#[case::not("host.looks: \"!0\"", "")]
#[case::any("host.looks: \"*\"", "")]
#[case::grown("host.looks: +1", "")]
#[case::grown_by_a_range("host.looks: +1..2", "")]
#[case::not_grown("host.looks: +0", "shows host.looks=+1; host.looks=+0 is required")]
#[case::grown_from_nothing("{host.looks: +1, tcp.field: +2}", "")]
#[case::no_value("tcp.field: 2", "shows tcp.field=no value")]
fn what_the_stack_shows_is_compared(#[case] info: &str, #[case] complaint: &str) {
    let info = info.trim_matches(['{', '}']);
    let mut stack = Counting::new();
    let steps = format!("  - sut-info: {{{info}}}\n");
    let mut plan = plan(&steps, IpVersion::V4, &stack.0);
    plan.hello = Arc::new(stack.1.clone());
    assert_eq!(plan.skip_reason(), None);
    let trial = drive(plan, &mut stack);
    let verdict = if complaint.is_empty() {
        Verdict::Pass
    } else {
        Verdict::Fail
    };
    assert_eq!(trial.verdict, verdict, "{info}: {}", trial.reason);
    assert!(trial.reason.contains(complaint), "{}", trial.reason);
}

#[test]
fn case_that_looks_at_what_a_stack_does_not_show_is_skipped() {
    let steps = "  - sut-info: {tcp.b: 1, tcp.a: 1}\n  - sut-info: {tcp.a: +1}\n";
    let plan = plan(steps, IpVersion::V4, &Bundled::default());
    let reason = plan.skip_reason();
    assert_eq!(
        reason.as_deref(),
        Some("the stack does not show tcp.a, tcp.b")
    );
}

/// A second connection with text of its own, after the first.
const SECOND: &str = "  - peer: ACK ack=11\n  - peer: SYN\n    on: b\n  - sut: SYN+ACK\n    on: b\n  \
    - peer: ACK\n    on: b\n  - app: accept\n    on: b\n    state: ESTABLISHED\n  \
    - app: send len=20\n    on: b\n  - sut: ACK seq=1 len=20\n    on: b\n    as: other\n";

#[rstest]
#[case::the_other_goes_on(
    "  - peer: RST\n  - gone: now\n  - state: ESTABLISHED\n    on: b\n",
    Verdict::Pass
)]
#[case::text_is_each_ones_own(
    "  - peer: ACK len=5\n  - peer: ACK len=7\n    on: b\n  - app: recv len=9 expect bytes=5\n  \
    - app: recv len=9 expect bytes=7\n    on: b\n  - sut: ACK ack=6\n  - sut: ACK ack=8\n    on: b\n",
    Verdict::Pass
)]
#[case::silence_is_of_all("  - quiet: 2s\n", Verdict::Fail)]
#[case::what_comes_on_another_is_not_expected_here(
    "  - sut: ACK len=20\n    within: 2s\n",
    Verdict::Fail
)]
#[case::a_label_is_of_its_connection(
    "  - app: send len=5\n  - sut: ACK seq=11 len=5\n  - sut: ACK seq=1 len=20\n    on: b\n    within: [other.first + 900ms, other.last + 1s]\n",
    Verdict::Pass
)]
fn connections_of_a_case_are_kept_apart(#[case] steps: &str, #[case] verdict: Verdict) {
    let trial = play(&format!("{SECOND}{steps}"), IpVersion::V4);
    assert_eq!(trial.verdict, verdict, "{steps}: {}", trial.reason);
    let peers = packets(&trial, Side::Peer);
    let ports = peers
        .iter()
        .filter_map(|packet| Some(packet.segment()?.src_port));
    assert!(ports.clone().any(|port| port == 40_001), "{steps}");
    assert!(ports.clone().any(|port| port == 40_000), "{steps}");
}

/// The text is repeated once, and the trace tells how the time has passed.
#[rstest]
#[case::leap("leap", 1)]
#[case::wait("wait", 5)]
fn stack_learns_of_a_leap_only_when_it_is_over(#[case] how: &str, #[case] repeats: usize) {
    let steps = format!("  - {how}: 40s\n  - sut: ACK seq=1 len=10\n  - peer: ACK ack=11\n");
    let trial = play(&steps, IpVersion::V4);
    assert_eq!(trial.verdict, Verdict::Pass, "{}", trial.reason);
    let texts = packets(&trial, Side::Sut);
    let lens = texts
        .iter()
        .filter_map(|packet| Some(packet.segment()?.payload.len()));
    assert_eq!(lens.filter(|len| *len == 10).count(), 1 + repeats);
    let nanos = 40_000_000_000;
    let leap = how == "leap";
    let mut events = trial.trace.iter().map(|traced| &traced.event);
    assert!(events.any(|event| *event == Event::Wait { nanos, leap }));
}

#[test]
fn leap_is_for_stacks_whose_clock_can() {
    // What it declares is the bundled stack's, and what it does is not.
    let mut counting = Counting::new();
    let mut plan = plan("  - leap: 1s\n  - quiet: 1s\n", IpVersion::V4, &counting.0);
    let trial = drive(plan.clone(), &mut counting);
    assert_eq!(trial.verdict, Verdict::Inconclusive);
    let reason = trial.reason;
    assert!(reason.contains("its clock cannot leap"), "{reason}");

    let mut hello = counting.1.clone();
    hello.capabilities.remove(&Capability::Leap);
    plan.hello = Arc::new(hello);
    let reason = plan.skip_reason();
    assert_eq!(reason.as_deref(), Some("the stack does not declare leap"));
}

#[test]
fn repeated_steps_come_several_times_and_the_last_label_counts() {
    let steps = "  - repeat:\n      times: 3\n      steps:\n        \
        - peer: ACK seq=1+5*$i ack=11 len=5\n          as: ours\n        \
        - sut: ACK\n          within: 1s\n          as: answer\n        \
        - wait: 1s\n          as: pause\n  \
        - peer: ACK seq=ours.end len=2\n  - sut: ACK seq=11 ack=18\n    within: [pause, pause+1s]\n";
    let trial = play(steps, IpVersion::V4);
    assert_eq!(trial.verdict, Verdict::Pass, "{}", trial.reason);
    let texts = packets(&trial, Side::Peer);
    let lens: Vec<usize> = texts
        .iter()
        .filter_map(|packet| Some(packet.segment()?.payload.len()))
        .collect();
    assert_eq!(lens, [0, 0, 5, 5, 5, 2]);
    let offsets: Vec<u32> = texts
        .iter()
        .filter_map(|packet| Some(packet.segment()?.seq.value()))
        .collect();
    let from_syn: Vec<u32> = offsets
        .iter()
        .map(|seq| seq.wrapping_sub(offsets[0]))
        .collect();
    assert_eq!(from_syn, [0, 1, 1, 6, 11, 16]);
}
