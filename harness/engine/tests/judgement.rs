//! What the interpreter makes of a stack that does one thing wrong: the
//! bundled stack, with what it emits twisted on the way.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;
use std::time::Duration;

use rstest::rstest;
use tcpspec_bundled_adapter::Bundled;
use tcpspec_casefile::suite::SourceFile;
use tcpspec_casefile::{Variant, load_files};
use tcpspec_connector::{
    Call, CallError, Clock, Emitted, Hello, Reply, Setup, StackError, StackUnderTest, Stop,
};
use tcpspec_engine::{Plan, drive};
use tcpspec_record::{CaseId, IpVersion, Isn, Trial, TrialId, Verdict};
use tcpspec_wire::icmp::Report;
use tcpspec_wire::{
    Body, Capability, Flags, IcmpError, Instant, Packet, Segment, State, TcpOption,
};

const CATALOGUE: &str = r#"
- id: "1:MUST-1"
  level: MUST
  section: "1"
  topic: test
  observable: wire
  summary: "A rule."
  how: "By looking."
  source: text
"#;

/// A connection with ten octets from the stack.
const CASE: &str = r#"
title: Ten octets
purpose: A handshake, then text.
level: must
claims: ["1:MUST-1"]
steps:
  - app: listen
  - peer: SYN
  - sut: SYN+ACK seq=0 ack=1
    state: SYN-RECEIVED
  - peer: ACK
  - app: accept
    state: [SYN-RECEIVED, ESTABLISHED]
  - app: send len=10
  - sut: ACK seq=1 ack=1 len=10
  - peer: ACK ack=11
  - peer: ACK len=5
  - sut: ACK seq=11 ack=6
  - app: recv len=100 expect bytes=5
  - quiet: 1s
"#;

fn variant(text: &str) -> Arc<Variant> {
    let files = [
        SourceFile::new("requirements/rfc1.yaml", CATALOGUE),
        SourceFile::new("preludes/ten.yaml", CASE),
        SourceFile::new("test/case.yaml", text),
    ];
    let suite = load_files(&files);
    let complaints: Vec<String> = suite
        .diagnostics
        .iter()
        .map(|found| found.render(false))
        .collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    let id = CaseId("test/case".to_owned());
    let case = suite.cases.into_iter().find(|case| case.id == id).unwrap();
    Arc::new(case.variants.into_iter().next().unwrap())
}

/// What becomes of what the stack emits.
type Twist = fn(&mut Reply) -> Result<(), StackError>;

struct Twisted {
    stack: Bundled,
    twist: Twist,
    /// How late the harness is said to be when it acts.
    late: Duration,
    /// And at the end of its waits.
    waits_late: Duration,
}

impl Twisted {
    fn by(twist: Twist) -> Self {
        Self {
            stack: Bundled::default(),
            twist,
            late: Duration::ZERO,
            waits_late: Duration::ZERO,
        }
    }

    fn twist(&self, reply: Result<Reply, StackError>, late: Duration) -> Result<Reply, StackError> {
        let mut reply = reply?;
        reply.late = late;
        (self.twist)(&mut reply)?;
        Ok(reply)
    }
}

impl StackUnderTest for Twisted {
    fn hello(&self) -> &Hello {
        self.stack.hello()
    }

    fn open(&mut self, setup: &Setup) -> Result<Reply, StackError> {
        self.stack.open(setup)
    }

    fn call(&mut self, call: &Call) -> Result<Reply, StackError> {
        let reply = self.stack.call(call);
        self.twist(reply, self.late)
    }

    fn deliver(&mut self, packets: &[Vec<u8>]) -> Result<Reply, StackError> {
        let reply = self.stack.deliver(packets);
        self.twist(reply, self.late)
    }

    fn run(&mut self, until: Instant, stop: Stop) -> Result<Reply, StackError> {
        let reply = self.stack.run(until, stop);
        self.twist(reply, self.waits_late)
    }
}

fn play(text: &str, twist: Twist) -> Trial {
    let stack = Twisted::by(twist);
    play_on(text, stack.hello().clone(), stack)
}

fn play_on(text: &str, hello: Hello, mut stack: Twisted) -> Trial {
    let plan = Plan {
        id: TrialId {
            case: CaseId("test/case".to_owned()),
            variant: String::new(),
            stack: "twisted".to_owned(),
            ip: IpVersion::V4,
            isn: Isn::Random,
            faults: String::new(),
            seed: 1,
        },
        variant: variant(text),
        hello: Arc::new(hello),
        faults: None,
        even_late: None,
    };
    drive(plan, &mut stack)
}

#[track_caller]
fn check(text: &str, twist: Twist, verdict: Verdict, reason: &str) {
    let trial = play(text, twist);
    assert_eq!(trial.verdict, verdict, "{}", trial.reason);
    assert!(
        trial.reason.contains(reason),
        "`{reason}` is not said in: {}",
        trial.reason
    );
    assert_eq!(
        trial.failure.is_some(),
        matches!(verdict, Verdict::Fail | Verdict::Blocked)
            || (verdict == Verdict::Deviates && reason.contains("nothing"))
    );
}

/// Changes every segment, with right checksums.
fn each_segment(reply: &mut Reply, change: impl Fn(&mut Segment)) {
    for emitted in &mut reply.tx {
        let mut packet = Packet::decode(&emitted.octets).unwrap().packet;
        if let Body::Tcp(segment) = &mut packet.body {
            change(segment);
        }
        emitted.octets = packet.encode();
    }
}

fn nothing(_: &mut Reply) -> Result<(), StackError> {
    Ok(())
}

fn drops(reply: &mut Reply) -> Result<(), StackError> {
    reply.tx.clear();
    Ok(())
}

fn doubles(reply: &mut Reply) -> Result<(), StackError> {
    reply.tx = reply
        .tx
        .iter()
        .flat_map(|emitted| [emitted.clone(), emitted.clone()])
        .collect();
    Ok(())
}

fn spoils_checksum(reply: &mut Reply) -> Result<(), StackError> {
    reply
        .tx
        .iter_mut()
        .for_each(|emitted| emitted.octets[36] ^= 1);
    Ok(())
}

fn spoils_text(reply: &mut Reply) -> Result<(), StackError> {
    each_segment(reply, |segment| {
        segment.payload.iter_mut().for_each(|octet| *octet ^= 1)
    });
    Ok(())
}

fn spoils_options(reply: &mut Reply) -> Result<(), StackError> {
    each_segment(reply, |segment| {
        segment.options = vec![TcpOption::Malformed(vec![2, 0, 5, 180])]
    });
    Ok(())
}

fn acks_too_much(reply: &mut Reply) -> Result<(), StackError> {
    each_segment(reply, |segment| segment.ack += 1);
    Ok(())
}

fn refuses(reply: &mut Reply) -> Result<(), StackError> {
    each_segment(reply, |segment| segment.flags = Flags::RST | Flags::ACK);
    Ok(())
}

fn refuses_calls(reply: &mut Reply) -> Result<(), StackError> {
    if let Some(ret) = &mut reply.ret {
        *ret = Err(CallError::Unsupported);
    }
    Ok(())
}

fn from_another_port(reply: &mut Reply) -> Result<(), StackError> {
    each_segment(reply, |segment| segment.src_port += 1);
    Ok(())
}

fn changes_iss(reply: &mut Reply) -> Result<(), StackError> {
    each_segment(reply, |segment| {
        if !segment.flags.contains(Flags::SYN) {
            segment.seq += 1;
        }
    });
    Ok(())
}

fn emits_garbage(reply: &mut Reply) -> Result<(), StackError> {
    reply
        .tx
        .iter_mut()
        .for_each(|emitted| emitted.octets = vec![0xff]);
    Ok(())
}

/// Offers ECN on a SYN, as some hosts do.
fn offers_ecn(reply: &mut Reply) -> Result<(), StackError> {
    each_segment(reply, |segment| {
        if segment.flags == Flags::SYN {
            segment.flags |= Flags::ECE | Flags::CWR;
        }
    });
    Ok(())
}

/// An ICMP message before each packet: not the concern of a TCP case.
fn adds_icmp(reply: &mut Reply) -> Result<(), StackError> {
    let with_icmp = |emitted: &Emitted| {
        let packet = Packet::decode(&emitted.octets).unwrap().packet;
        let body = Body::Icmp(IcmpError::new(Report::PortUnreachable, &packet).unwrap());
        [
            Emitted {
                at: emitted.at,
                octets: Packet::new(packet.ip, body).encode(),
            },
            emitted.clone(),
        ]
    };
    reply.tx = reply.tx.iter().flat_map(with_icmp).collect();
    Ok(())
}

/// A RST behind every packet with text.
fn adds_reset(reply: &mut Reply) -> Result<(), StackError> {
    let mut all = Vec::new();
    for emitted in &reply.tx {
        all.push(emitted.clone());
        let mut packet = Packet::decode(&emitted.octets).unwrap().packet;
        if let Body::Tcp(segment) = &mut packet.body
            && !segment.payload.is_empty()
        {
            segment.flags = Flags::RST;
            segment.seq = segment.end();
            segment.payload.clear();
            all.push(Emitted {
                at: emitted.at,
                octets: packet.encode(),
            });
        }
    }
    reply.tx = all;
    Ok(())
}

fn lies_about_state(reply: &mut Reply) -> Result<(), StackError> {
    for change in reply
        .states
        .iter_mut()
        .filter(|change| change.state == State::Established)
    {
        change.state = State::CloseWait;
    }
    Ok(())
}

fn late(reply: &mut Reply) -> Result<(), StackError> {
    for emitted in &mut reply.tx {
        emitted.at += Duration::from_secs(1);
    }
    Ok(())
}

fn floods(reply: &mut Reply) -> Result<(), StackError> {
    if let Some(emitted) = reply.tx.first().cloned() {
        reply.tx = vec![emitted; 80_000];
    }
    Ok(())
}

fn dies(_: &mut Reply) -> Result<(), StackError> {
    Err(StackError::Died("signal 11".to_owned()))
}

fn loses_its_device(_: &mut Reply) -> Result<(), StackError> {
    Err(StackError::Environment("the device is gone".to_owned()))
}

#[rstest]
#[case::right(nothing, Verdict::Pass, "")]
#[case::repeats_are_tolerated(doubles, Verdict::Fail, "nothing for 1 s is allowed")]
#[case::silent(
    drops,
    Verdict::Fail,
    "sent nothing; SYN+ACK seq=0 ack=1 is required within 500 ms"
)]
#[case::bad_checksum(spoils_checksum, Verdict::Fail, "wrong TCP checksum")]
#[case::bad_options(
    spoils_options,
    Verdict::Fail,
    "octets among the options that follow no format"
)]
#[case::bad_text(spoils_text, Verdict::Fail, "text that its application never sent")]
#[case::bad_ack(
    acks_too_much,
    Verdict::Fail,
    "with SYN+ACK seq=0 ack=2; only SYN+ACK seq=0 ack=1"
)]
#[case::reset_instead_of_syn(refuses, Verdict::Fail, "only SYN+ACK seq=0 ack=1 is allowed")]
#[case::bad_seq(changes_iss, Verdict::Fail, "ACK seq=2 ack=1 len=10")]
#[case::bad_port(from_another_port, Verdict::Fail, "81 -> 40000")]
#[case::garbage(emits_garbage, Verdict::Fail, "not an IP packet")]
#[case::icmp_does_no_harm(adds_icmp, Verdict::Pass, "")]
#[case::reset_out_of_nowhere(adds_reset, Verdict::Fail, "the stack sent RST seq=11")]
#[case::wrong_state(
    lies_about_state,
    Verdict::Fail,
    "SYN-RECEIVED, CLOSE-WAIT; SYN-RECEIVED, ESTABLISHED is required"
)]
#[case::too_late(late, Verdict::Fail, "too late, at +1.010")]
#[case::storm(floods, Verdict::Stuck, "more than 70000 packets in one instant")]
#[case::death(dies, Verdict::Crash, "signal 11")]
#[case::machine(loses_its_device, Verdict::Inconclusive, "the device is gone")]
fn verdict_names_what_went_wrong(
    #[case] twist: Twist,
    #[case] verdict: Verdict,
    #[case] reason: &str,
) {
    check(CASE, twist, verdict, reason);
}

#[test]
fn repeats_are_tolerated_but_for_strict_and_quiet() {
    let without_quiet = CASE.replace("  - quiet: 1s\n", "");
    check(&without_quiet, doubles, Verdict::Pass, "");
    let strict = without_quiet.replace("level: must", "level: must\nstrict: true");
    check(
        &strict,
        doubles,
        Verdict::Fail,
        "nothing before step 4 is allowed",
    );
}

#[test]
fn an_offer_of_ecn_is_not_looked_at_unless_written() {
    let call = |syn: &str| {
        format!(
            "title: T\npurpose: P\nlevel: must\nclaims: [\"1:MUST-1\"]\nsteps:\n  - app: connect\n  - sut: {syn} seq=0\n"
        )
    };
    check(&call("SYN"), nothing, Verdict::Pass, "");
    check(&call("SYN"), offers_ecn, Verdict::Pass, "");
    check(&call("SYN+ECE+CWR"), offers_ecn, Verdict::Pass, "");
    check(
        &call("SYN+ECE+CWR"),
        nothing,
        Verdict::Fail,
        "only SYN+ECE+CWR",
    );
}

/// Text above a gap, from a peer that does SACK and timestamps.
#[rstest]
#[case::right("ACK seq=1 ack=1 <sack=101-201; ts=*,1000>", Verdict::Pass, "")]
#[case::named("ACK seq=1 ack=1 <sack=text.seq-text.end>", Verdict::Pass, "")]
#[case::clock(
    "ACK seq=1 ack=1 <ts=answer.tsval..answer.tsval+1000>",
    Verdict::Pass,
    ""
)]
#[case::echo("ACK seq=1 ack=1 <ts=*,!text.tsval>", Verdict::Pass, "")]
#[case::edge("ACK seq=1 ack=1 <sack=102-201>", Verdict::Fail, "sack=102-201")]
#[case::older("ACK seq=1 ack=1 <ts=*,text.tsval>", Verdict::Fail, "ts=*,text.tsval")]
#[case::pure("ACK seq=1 ack=1 ecn=not", Verdict::Pass, "")]
#[case::marked("ACK seq=1 ack=1 ecn=ect0", Verdict::Fail, "ecn=ect0")]
#[case::ip_header("ACK seq=1 ack=1 ttl=64 ds=0 df=1", Verdict::Pass, "")]
#[case::ttl("ACK seq=1 ack=1 ttl=1..63", Verdict::Fail, "ttl=1..63")]
#[case::ds("ACK seq=1 ack=1 ds=!0", Verdict::Fail, "ds=!0")]
#[case::df("ACK seq=1 ack=1 df=0", Verdict::Fail, "df=0")]
fn options_and_marks_are_compared(
    #[case] expected: &str,
    #[case] verdict: Verdict,
    #[case] reason: &str,
) {
    let case = format!(
        r#"
title: T
purpose: P
level: must
claims: ["1:MUST-1"]
params: {{ts: 1000, sack: true, ws: 2}}
steps:
  - app: listen
  - peer: SYN
  - sut: SYN+ACK <ts=*,1000; sackok; ws=*>
    as: answer
  - peer: ACK
  - app: accept
  - peer: ACK seq=101 len=100 <nop; nop; ts=2000>
    as: text
  - sut: {expected}
"#
    );
    check(&case, nothing, verdict, reason);
}

#[test]
fn a_moment_less_a_moment_is_a_duration() {
    let steps = |lo: &str| {
        CASE.replace(
            "  - peer: ACK ack=11\n",
            &format!(
                "    as: one\n  - sut: ACK seq=1 len=10\n    within: 2*rto.hi\n    as: two\n  \
                 - sut: ACK seq=1 len=10\n    within: [two.first - one.first + {lo}, 5*rto.hi]\n  \
                 - peer: ACK ack=11\n"
            ),
        )
    };
    check(&steps("two.first"), nothing, Verdict::Pass, "");
    check(
        &steps("two.first - one.first + two.first - one.first + two.first"),
        nothing,
        Verdict::Fail,
        "",
    );
}

#[test]
fn never_is_heard_wherever_it_stands() {
    let case = CASE.replace("steps:", "never: [ACK len=10]\nsteps:");
    check(
        &case,
        nothing,
        Verdict::Fail,
        "ACK len=10 must not come here",
    );
}

#[test]
fn a_should_that_is_not_met_deviates() {
    let should = CASE.replace("level: must", "level: should");
    check(&should, drops, Verdict::Deviates, "sent nothing");
}

#[test]
fn a_broken_prelude_blocks() {
    let case = r#"
title: After ten octets
purpose: Nothing more.
level: must
claims: ["1:MUST-1"]
from: ten
steps:
  - quiet: 1s
"#;
    check(case, nothing, Verdict::Pass, "");
    check(
        case,
        drops,
        Verdict::Blocked,
        "Prelude preludes/ten failed.",
    );
}

#[test]
fn alternatives_are_narrowed_and_named() {
    let tail = |branches: &str| CASE.replace("  - sut: ACK seq=1 ack=1 len=10\n", branches);
    let two = tail(
        "  - sut:\n      one_of:\n        - {segment: RST, tag: resets}\n        - {segment: ACK len=10, tag: sends}\n",
    );
    assert_eq!(play(&two, nothing).tags, ["sends"]);
    let silence = tail(
        "  - sut:\n      one_of:\n        - {quiet: 100ms, tag: silent}\n        - {segment: RST, tag: resets}\n",
    );
    check(&silence, nothing, Verdict::Fail, "only nothing or RST");
    let tolerated = tail(
        "  - sut:\n      one_of:\n        - RST\n        - {segment: ACK len=10, tag: sends, verdict: deviates}\n",
    );
    let trial = play(&tolerated, nothing);
    assert_eq!(
        (trial.verdict, trial.tags),
        (Verdict::Deviates, vec!["sends".to_owned()])
    );
}

#[test]
fn of_silent_ways_the_one_whose_state_it_is_is_seen() {
    let tail = |first: &str, second: &str| {
        let way =
            |state: &str| format!("        - {{quiet: 10ms, state: {state}, tag: {state}}}\n");
        let ways = way(first) + &way(second);
        CASE.replace(
            "  - quiet: 1s\n",
            &format!("  - sut:\n      one_of:\n{ways}"),
        )
    };
    let trial = play(&tail("CLOSE-WAIT", "ESTABLISHED"), nothing);
    assert_eq!(
        (trial.verdict, trial.tags),
        (Verdict::Pass, vec!["ESTABLISHED".to_owned()])
    );
    let neither = tail("CLOSE-WAIT", "CLOSED");
    let reason = "the stack is in ESTABLISHED; CLOSE-WAIT is required";
    check(&neither, nothing, Verdict::Fail, reason);
}

#[test]
fn connect_while_there_is_a_connection_is_of_that_connection() {
    let again = "  - app: connect expect inuse\n    state: ESTABLISHED\n  - peer: ACK len=5\n  \
        - sut: ACK seq=11 ack=11\n";
    let case = CASE.replace("  - quiet: 1s\n", again);
    check(&case, nothing, Verdict::Pass, "");
}

/// What the stack does to a harness that is late when it acts, or at the end of
/// its waits, where the times in replies are uncertain by 1 ms and no timer is
/// shorter than 10 ms. Even a wrong flag may be the work of a timer then; but
/// what came during a wait, or did not, a late end has not changed.
#[rstest]
#[case::late_and_broken((12, 0), refuses, Verdict::Inconclusive, "late by 12.0ms, which may be why")]
#[case::late_and_untimely((12, 0), late, Verdict::Inconclusive, "late by 12.0ms, which may be why")]
#[case::late_and_kept((12, 12), nothing, Verdict::Pass, "")]
#[case::late_and_dead((12, 12), dies, Verdict::Crash, "signal 11")]
#[case::no_timer_came_between((11, 11), refuses, Verdict::Fail, "is allowed")]
#[case::untimely_all_the_same((11, 11), late, Verdict::Fail, "too late")]
#[case::waited_longer_in_vain((0, 12), drops, Verdict::Fail, "sent nothing")]
#[case::acts_after_a_long_wait((0, 12), changes_iss, Verdict::Inconclusive, "late by 12.0ms")]
#[case::both_add_up((6, 6), changes_iss, Verdict::Inconclusive, "late by 12.0ms")]
fn a_late_harness_blames_nobody(
    #[case] (acts, waits): (u64, u64),
    #[case] twist: Twist,
    #[case] verdict: Verdict,
    #[case] reason: &str,
) {
    let stack = Twisted {
        late: Duration::from_millis(acts),
        waits_late: Duration::from_millis(waits),
        ..Twisted::by(twist)
    };
    let mut hello = stack.hello().clone();
    hello.clock = Clock::Real;
    hello.profile.clock_error = Duration::from_millis(1);
    hello.profile.lateness.tick = Duration::from_millis(10);
    let step = "    state: SYN-RECEIVED\n";
    let case = CASE.replace(step, &format!("{step}  - wait: 10ms\n"));
    let trial = play_on(&case, hello, stack);
    assert_eq!(trial.verdict, verdict, "{}", trial.reason);
    assert!(trial.reason.contains(reason), "{}", trial.reason);
    assert_eq!(trial.failure.is_some(), verdict == Verdict::Fail);
}

/// A step that is not met, where every wait ends 12 ms late: its own wait is no
/// excuse, but one before it has shifted it.
#[rstest]
#[case::its_own("", Verdict::Fail)]
#[case::the_one_before("  - wait: 10ms\n", Verdict::Inconclusive)]
fn a_late_wait_excuses_what_follows(#[case] before: &str, #[case] verdict: Verdict) {
    let stack = Twisted {
        waits_late: Duration::from_millis(12),
        ..Twisted::by(drops)
    };
    let mut hello = stack.hello().clone();
    hello.clock = Clock::Real;
    hello.profile.lateness.tick = Duration::from_millis(10);
    let step = "  - sut: SYN+ACK";
    let case = CASE.replace(step, &format!("{before}{step}"));
    let trial = play_on(&case, hello, stack);
    assert_eq!(trial.verdict, verdict, "{}", trial.reason);
}

/// Whether a refusal is a fault hangs on what was declared.
#[rstest]
#[case::declared(
    true,
    Verdict::Inconclusive,
    "the connector is at fault: it refused `listen`"
)]
#[case::not_declared(
    false,
    Verdict::Skip,
    "the stack refused `listen`, and does not declare passive-open"
)]
fn a_refusal_is_measured_by_the_declaration(
    #[case] declared: bool,
    #[case] verdict: Verdict,
    #[case] reason: &str,
) {
    let stack = Twisted::by(refuses_calls);
    let mut hello = stack.hello().clone();
    if !declared {
        hello.capabilities.remove(&Capability::PassiveOpen);
    }
    let trial = play_on(CASE, hello, stack);
    assert_eq!(trial.verdict, verdict, "{}", trial.reason);
    assert!(trial.reason.contains(reason), "{}", trial.reason);
}

#[test]
fn a_stack_that_cannot_be_looked_into_is_not_judged_by_its_state() {
    let case = "title: T\npurpose: P\nlevel: must\nclaims: [\"1:MUST-1\"]\nsteps:\n  - app: listen\n  - state: LISTEN\n";
    let mut stack = Bundled::default();
    let mut hello = stack.hello().clone();
    hello.capabilities.remove(&Capability::State);
    let id = TrialId {
        case: CaseId("test/case".to_owned()),
        variant: String::new(),
        stack: "blind".to_owned(),
        ip: IpVersion::V6,
        isn: Isn::Random,
        faults: String::new(),
        seed: 1,
    };
    let trial = drive(
        Plan {
            id,
            variant: variant(case),
            hello: Arc::new(hello),
            faults: None,
            even_late: None,
        },
        &mut stack,
    );
    assert_eq!(trial.verdict, Verdict::Inconclusive);
    assert!(
        trial.reason.contains("nothing was evaluated"),
        "{}",
        trial.reason
    );
}
