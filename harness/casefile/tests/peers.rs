//! `cases/peers.yaml`, what other suites check, and the page that is made of it.
//! Whether a case checks what its row says is left to who writes the row.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its own files has failed"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use tcpspec_casefile::{Variant, load};

/// The peers by their short names.
const PEERS: [(&str, &str); 23] = [
    ("demi", "Demikernel"),
    ("fb", "FreeBSD tcp-testsuite"),
    ("fuzz", "fuzzers that compare stacks"),
    ("fx", "netstack3"),
    ("ge", "gVisor, end to end"),
    ("intel", "Intel net-test-suites"),
    ("iwl", "Maxwell"),
    ("lk", "Linux selftests"),
    ("lwip", "lwIP"),
    ("mira", "MirageOS"),
    ("nsem", "a formal model of TCP"),
    ("pd", "packetdrill's own scripts"),
    ("pi", "packetimpact"),
    ("pico", "picoTCP"),
    ("riot", "RIOT"),
    ("rtos", "FreeRTOS+TCP"),
    ("smol", "smoltcp"),
    ("tc8", "OPEN Alliance TC8"),
    ("tc8h", "a harness for TC8"),
    ("tcpreq", "tcpreq of RWTH Aachen"),
    ("wolf", "wolfIP"),
    ("zeph", "Zephyr"),
    ("znet", "Zephyr, over the wire"),
];

/// What no suite checks that we know of.
const GAP: &str = "nobody";

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Row {
    /// What is done to the stack, and in which state.
    what: String,
    peers: Vec<String>,
    /// The case, or the one variant of it, that checks it here.
    case: Option<String>,
    left_out: Option<String>,
    #[serde(default)]
    open: bool,
}

/// What has become of some rows.
#[derive(Clone, Copy, Default)]
struct Counts {
    cases: usize,
    left_out: usize,
    open: usize,
}

impl Counts {
    fn add(&mut self, row: &Row) {
        self.cases += usize::from(row.case.is_some());
        self.left_out += usize::from(row.left_out.is_some());
        self.open += usize::from(row.open);
    }

    fn line(self, name: &str) -> String {
        let Self {
            cases,
            left_out,
            open,
        } = self;
        let all = cases + left_out + open;
        format!("| {name} | {all} | {cases} | {left_out} | {open} |\n")
    }
}

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases")
}

fn rows() -> BTreeMap<String, Row> {
    serde_yaml::from_str(&fs::read_to_string(cases().join("peers.yaml")).unwrap()).unwrap()
}

#[test]
fn every_row_names_one_case_that_exists_or_says_why_not() {
    let suite = load(&cases()).unwrap();
    let ids = suite.cases.iter().map(|case| case.id.0.clone());
    let ids: BTreeSet<String> = ids.chain(suite.variants().map(Variant::id)).collect();
    let rows = rows();
    assert_eq!(rows.len(), 738, "a row is never taken out");
    for (id, row) in rows {
        let said = usize::from(row.case.is_some()) + usize::from(row.left_out.is_some());
        assert_eq!(said + usize::from(row.open), 1, "{id} has one meaning");
        assert!(!row.what.is_empty(), "{id} says what");
        assert_ne!(row.left_out.as_deref(), Some(""), "{id} has no reason");
        if let Some(case) = row.case {
            assert!(ids.contains(&case), "{id}: there is no case `{case}`");
        }
        for peer in row.peers {
            let known = PEERS.iter().any(|(name, _)| *name == peer);
            assert!(known, "{id}: nobody knows the peer `{peer}`");
        }
    }
}

#[test]
fn page_of_peers_is_what_the_rows_say() {
    let (path, page) = (cases().join("PEERS.md"), page(&rows()));
    if std::env::var_os("TCPSPEC_BLESS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap_or_default() == page,
        "cases/PEERS.md is stale: run `make coverage`"
    );
}

fn page(rows: &BTreeMap<String, Row>) -> String {
    let mut all = Counts::default();
    let mut by_peer: BTreeMap<&str, Counts> = BTreeMap::new();
    for row in rows.values() {
        all.add(row);
        let nobody = row.peers.is_empty().then_some(GAP);
        for peer in row.peers.iter().map(String::as_str).chain(nobody) {
            by_peer.entry(peer).or_default().add(row);
        }
    }
    let mut page = String::from(
        "# What other suites check\n\n\
         The test suites of other stacks and tools, read for what they do to a TCP; each row is\n\
         one such thing in our words, with the case that does it here. Made of `peers.yaml` by `make coverage`,\n\
         and held to it by a test.\n\n\
         | peer | rows | a case | left out | open |\n|---|--:|--:|--:|--:|\n",
    );
    for (short, counts) in by_peer {
        let known = PEERS.iter().find(|(name, _)| *name == short);
        let long = known.map_or("found in no suite", |(_, long)| long);
        page += &counts.line(&format!("`{short}` {long}"));
    }
    page += &all.line("all rows");
    page += "\n| row | what | peers | here |\n|---|---|---|---|\n";
    for (id, row) in rows {
        let here = match (&row.case, &row.left_out) {
            (Some(case), _) => format!("`{case}`"),
            (None, Some(reason)) => format!("left out: {reason}"),
            (None, None) => "open".to_owned(),
        };
        let what = row.what.replace('|', "/").replace('<', "&lt;");
        let peers = row.peers.join(" ");
        writeln!(page, "| {id} | {what} | {peers} | {here} |").unwrap();
    }
    page
}
