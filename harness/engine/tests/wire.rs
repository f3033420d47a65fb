//! `wire:` steps: a link on which nothing happens is not seen, and what happens
//! on it is written down.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::sync::Arc;

use rstest::rstest;
use tcpspec_bundled_adapter::Bundled;
use tcpspec_casefile::suite::SourceFile;
use tcpspec_casefile::{Action, Variant, load, load_files};
use tcpspec_connector::StackUnderTest;
use tcpspec_engine::{Plan, Recorded, drive};
use tcpspec_record::{Event, IpVersion, Isn, Side, Trial, TrialId, Verdict};

const CATALOGUE: &str =
    "- {id: '1:MUST-1', level: MUST, section: '1', topic: t, summary: s, how: h, source: text}";

const BEGIN: &str = "title: T\npurpose: P\nlevel: must\nclaims: ['1:MUST-1']\nsteps:\n  \
    - app: listen\n  - peer: SYN\n  - sut: SYN+ACK\n  - peer: ACK\n  - app: accept\n";

fn variant(steps: &str) -> Variant {
    let files = [
        SourceFile::new("requirements/rfc1.yaml", CATALOGUE),
        SourceFile::new("test/case.yaml", &format!("{BEGIN}{steps}")),
    ];
    let suite = load_files(&files);
    let complaints: Vec<String> = suite.diagnostics.iter().map(|d| d.render(false)).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    suite.variants().next().unwrap().clone()
}

fn plan(variant: Variant, stack: &Bundled) -> Plan {
    let id = TrialId {
        case: variant.case.clone(),
        variant: variant.name.clone(),
        stack: "bundled".to_owned(),
        ip: IpVersion::V4,
        isn: Isn::Random,
        faults: String::new(),
        seed: 1,
    };
    Plan {
        id,
        variant: Arc::new(variant),
        hello: Arc::new(stack.hello().clone()),
        faults: None,
        even_late: None,
    }
}

fn play(variant: Variant) -> Trial {
    let mut stack = Bundled::default();
    drive(plan(variant, &stack), &mut stack)
}

#[test]
fn link_on_which_nothing_happens_is_not_seen() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases");
    let suite = load(&root).unwrap();
    let nothing = variant("  - quiet: 1s\n  - wire: up\n");
    let nothing = nothing.steps.last().unwrap();
    assert!(matches!(nothing.action, Action::Wire(_)));
    let stack = Bundled::default();
    let mut seen = 0;
    for variant in suite.variants() {
        if plan(variant.clone(), &stack).skip_reason().is_some() {
            continue;
        }
        let plain = play(variant.clone());
        let mut linked = variant.clone();
        linked.steps.push(nothing.clone());
        let linked = play(linked);
        assert_eq!(linked.verdict, plain.verdict, "{}", variant.id());
        assert!(traces_are_alike(&plain, &linked), "{}", variant.id());
        seen += usize::from(!plain.trace.is_empty());
    }
    assert!(seen > 1000, "{seen} variants have left a trace");
}

/// Whether both traces are the same, but for the number of the step that was
/// added at the end, which looks at what is left over.
fn traces_are_alike(plain: &Trial, linked: &Trial) -> bool {
    let last = plain.steps.len();
    let mut linked = linked.trace.clone();
    for traced in &mut linked {
        traced.step = traced.step.min(last);
    }
    linked == plain.trace
}

#[rstest]
#[case::lost("drop data from=peer", &["> ACK seq=1 ack=1 len=9: lost on the wire"])]
#[case::late("delay 1ms data from=peer", &["> ACK seq=1 ack=1 len=9: 1ms late", "> ACK seq=1 ack=1 len=9 late", "< ACK seq=1 ack=10"])]
#[case::twice("dup data from=peer", &[
    "> ACK seq=1 ack=1 len=9: arrives twice", "> ACK seq=1 ack=1 len=9 late",
    "> ACK seq=1 ack=1 len=9 late", "< ACK seq=1 ack=10",
])]
#[case::cut("truncate 3 data from=peer", &["> ACK seq=1 ack=1 len=9: 3 octets are cut off", "> a damaged packet late"])]
#[case::down("down for 50ms", &["> ACK seq=1 ack=1 len=9: lost: the link is down"])]
#[case::other_direction("drop data from=sut", &["> ACK seq=1 ack=1 len=9", "< ACK seq=1 ack=10"])]
#[case::answer("drop ACK from=sut", &["> ACK seq=1 ack=1 len=9", "< ACK seq=1 ack=10: lost on the wire"])]
fn what_happens_on_the_link_is_written_down(#[case] fault: &str, #[case] expected: &[&str]) {
    let steps = format!(
        "  - wire: {fault}\n  - peer: ACK len=9\n  - wait: 700ms\n  - sut: {{one_of: [{{quiet: 1ms}}, 'ACK ack=*']}}\n"
    );
    let variant = variant(&steps);
    let first = variant.steps.len() - 3;
    let trial = play(variant.clone());
    assert_eq!(trial.verdict, Verdict::Pass, "{}", trial.reason);
    let sign = |side: Side| if side == Side::Peer { '>' } else { '<' };
    let short = |text: &str| text.split(" win=").next().unwrap_or_default().to_owned();
    let line = |event: &Event| match event {
        Event::Packet {
            from, text, late, ..
        } => {
            let late = if *late { " late" } else { "" };
            Some(format!("{} {}{late}", sign(*from), short(text)))
        }
        Event::Wire {
            from, text, did, ..
        } => Some(format!("{} {}: {did}", sign(*from), short(text))),
        _ => None,
    };
    let own = trial.trace.iter().filter(|traced| traced.step >= first);
    let lines: Vec<String> = own.filter_map(|traced| line(&traced.event)).collect();
    assert_eq!(lines, expected, "{fault}");
    let hello = Arc::new(Bundled::default().hello().clone());
    let mut recorded = Recorded::new(&trial, hello);
    let again = drive(plan(variant, &Bundled::default()), &mut recorded);
    assert_eq!(again.trace, trial.trace, "played back: {}", again.reason);
}
