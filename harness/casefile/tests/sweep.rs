//! A sweep: what its rows come to, as variants and as a table.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use tcpspec_casefile::{CellKind, SourceFile, Suite, Variant, load_files};
use tcpspec_wire::State;

const CATALOGUE: &str = "- {id: '1:MUST-1', level: MUST, section: '1', topic: t, summary: s}";

const PRELUDE: &str = "title: T\npurpose: P\nlevel: must\nclaims: ['1:MUST-1']\nsteps:\n  \
    - app: connect\n  - sut: SYN\n    state: SYN-SENT\n";

const EVENTS: &str = "events:\n  \
    stray: {what: A stray segment, peer: ACK seq=1 ack=$ack}\n  \
    close: {what: CLOSE, app: shutdown expect $returns}\n  \
    twice: {what: Two at once, steps: [{peer: SYN seq=0}, {peer: SYN seq=5}]}\n  \
    never: {what: What cannot be, peer: RST}\n";

const SWEEP: &str = "purpose: Shows rows.\nstate: SYN-SENT\nlevel: step\nfrom: opening\n\
    with: {ack: snd.nxt}\napp: expect again\nthen: after\nrows:\n  \
    stray: {reply: rst, claim: 1:MUST-1}\n  \
    close: {reply: none, next: CLOSED, returns: ok|closed, claim: 1:MUST-1, app: none}\n  \
    twice: {reply: none, next: [CLOSED, SYN-RECEIVED], claim: 1:MUST-1, level: must, needs: ts}\n  \
    never: {impossible: so it is}\n";

fn suite() -> Suite {
    let suite = load_files(&[
        SourceFile::new("requirements/rfc1.yaml", CATALOGUE),
        SourceFile::new("preludes/opening.yaml", PRELUDE),
        SourceFile::new("fragments/reply/none.yaml", "steps:\n  - quiet: 50ms\n"),
        SourceFile::new(
            "fragments/reply/rst.yaml",
            "steps:\n  - sut: RST seq=event.ack\n",
        ),
        SourceFile::new("fragments/after.yaml", "steps:\n  - wait: 1s\n"),
        SourceFile::new("states/events.yaml", EVENTS),
        SourceFile::new("states/syn-sent.yaml", SWEEP),
    ]);
    let complaints: Vec<String> = suite.diagnostics.iter().map(|d| d.render(false)).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    suite
}

#[track_caller]
fn check_steps(event: &str, expected: &[&str]) {
    let suite = suite();
    let id = format!("states/syn-sent@event={event}");
    let [variant] = suite.select(std::slice::from_ref(&id)).unwrap()[..] else {
        panic!("{id} is one variant");
    };
    let own: Vec<&str> = variant
        .steps
        .iter()
        .filter(|step| !step.prelude)
        .map(|step| step.text.as_str())
        .collect();
    assert_eq!(own, expected);
    let decided = variant.decides();
    assert_eq!(
        decided
            .into_iter()
            .map(|id| id.0.as_str())
            .collect::<Vec<_>>(),
        ["1:MUST-1"]
    );
}

#[test]
fn row_is_a_variant() {
    check_steps(
        "stray",
        &[
            "peer: ACK seq=1 ack=snd.nxt",
            "sut: RST seq=event.ack",
            "state: SYN-SENT",
            "app: expect again",
            "wait: 1s",
        ],
    );
    check_steps(
        "close",
        &[
            "app: shutdown expect ok|closed",
            "quiet: 50ms",
            "state: CLOSED",
        ],
    );
    check_steps(
        "twice",
        &[
            "peer: SYN seq=0",
            "peer: SYN seq=5",
            "quiet: 50ms",
            "state: CLOSED or SYN-RECEIVED",
            "app: expect again",
        ],
    );
}

#[test]
fn what_a_row_does_not_say_the_sweep_says() {
    let suite = suite();
    let variant = |event: &str| -> Variant {
        let mut variants = suite.variants();
        let of_event = |v: &&Variant| v.name == format!("event={event}");
        variants.find(of_event).unwrap().clone()
    };
    let (stray, twice) = (variant("stray"), variant("twice"));
    assert_eq!(stray.title, "A stray segment, in SYN-SENT");
    assert_eq!(stray.purpose, "Shows rows.");
    assert_eq!(
        (stray.level.keyword(), twice.level.keyword()),
        ("STEP", "MUST")
    );
    assert!(stray.needs.is_subset(&twice.needs) && stray.needs != twice.needs);
    let labels = |variant: &Variant| -> Vec<String> {
        variant
            .steps
            .iter()
            .filter_map(|step| step.label.clone())
            .collect()
    };
    assert_eq!(labels(&twice), ["event"], "the last segment alone");
}

#[test]
fn table_has_a_cell_for_each_event_in_the_order_of_the_vocabulary() {
    let suite = suite();
    let [sweep] = suite.sweeps.as_slice() else {
        panic!("one sweep, not {:?}", suite.sweeps);
    };
    assert_eq!(sweep.state, State::SynSent);
    let events: Vec<&str> = sweep.cells.iter().map(|cell| cell.event.as_str()).collect();
    assert_eq!(events, ["stray", "close", "twice", "never"]);
    let tested = |cell: &&tcpspec_casefile::Cell| matches!(cell.kind, CellKind::Tested { .. });
    assert_eq!(sweep.cells.iter().filter(tested).count(), 3);
    let why = CellKind::Impossible("so it is".to_owned());
    assert_eq!(sweep.cells.last().map(|cell| &cell.kind), Some(&why));
}
