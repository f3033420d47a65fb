//! Duels at the terminal and as a page.

use std::collections::BTreeMap;

use tcpspec_record::{Duel, DuelFinding, DuelResult, IpVersion};
use tcpspec_reports::duels;
use tcpspec_reports::terminal::Style;

/// A duel that takes a second for a thousand octets.
fn duel(faults: &str, seed: u64, result: DuelResult) -> Duel {
    let reason = if result == DuelResult::Well {
        ""
    } else {
        "something was wrong"
    };
    Duel {
        stacks: ["here".to_owned(), "<there>".to_owned()],
        faults: faults.to_owned(),
        reference: false,
        ip: IpVersion::V4,
        seed,
        transfer: [1000, 0],
        result,
        reason: reason.to_owned(),
        findings: Vec::new(),
        delivered: (result == DuelResult::Well).then_some(1_000_000_000),
        read: [0, 1000],
        segments: [5, 4],
        repeated: 100,
        tally: BTreeMap::from([("sent".to_owned(), 9)]),
    }
}

/// One reference twice as fast, two that went well, one that did not; and under
/// other faults one that was given up.
fn five() -> Vec<Duel> {
    let reference = Duel {
        reference: true,
        delivered: Some(500_000_000),
        ..duel("lossy", 1, DuelResult::Well)
    };
    let finding = DuelFinding {
        end: 1,
        at: 7_000_000,
        requirement: "9293:MUST-2".to_owned(),
        advice: false,
        segment: "ACK seq=1 ack=9 win=1".to_owned(),
        why: "8 numbers before it have not come \u{1b}[31m</script>".to_owned(),
        times: 3,
    };
    let bad = Duel {
        findings: vec![finding],
        ..duel("lossy", 3, DuelResult::Badly)
    };
    vec![
        reference,
        duel("lossy", 1, DuelResult::Well),
        duel("lossy", 2, DuelResult::Well),
        bad,
        duel("gone", 1, DuelResult::GaveUp),
    ]
}

#[test]
fn table_counts_each_duel_once_and_compares_with_the_reference() {
    let table = "\
duel            faults  ip  well  gave up  wrong          goodput  sent again
here > <there>  lossy    4     2        0      1  1.0 kB/s (50 %)      10.0 %
here > <there>  gone     4     0        1      0                -      10.0 %
";
    assert_eq!(duels::table(&five()), table);
}

#[test]
fn failure_says_what_was_wrong_and_how_to_repeat_it() {
    let screen = "\
BADLY  here > <there>  lossy  ip=4 seed=3
  something was wrong.
  wrong: +0.007 right ACK seq=1 ack=9 win=1
    8 numbers before it have not come \u{fffd}[31m</script> (9293:MUST-2), 3 times
  Packets:  sent 9
  Repro:    tcpspec duel --left here --right <there> --faults lossy --transfer 1000 --ip 4 --seed 3
";
    assert_eq!(duels::failure(&five()[3], Style::Plain), screen);
}

#[test]
fn page_holds_what_the_table_holds_and_nothing_gets_out_of_its_text() {
    let page = duels::render(&five());
    assert!(page.contains("1 of 4 duels went wrong"));
    assert!(page.contains("&lt;there&gt;") && !page.contains("<there>"));
    assert!(!page.contains("</script>"));
    assert!(!page.contains('\u{1b}'));
    assert!(!page.contains("src=") && !page.contains("http:"));
}
