//! Laws of reading: no text can make it panic, and what the vocabulary prints
//! of a segment is a pattern of just that segment.

use proptest::prelude::*;
use tcpspec_casefile::{
    Action, Expr, Match, OptionPattern, SegmentPattern, SourceFile, Suite, load_files,
};
use tcpspec_wire::text::{Number, SegmentText};
use tcpspec_wire::{Flags, SeqNumber, TcpOption};

const REQUIREMENT: &str = "- {id: '9293:MUST-13', level: MUST, section: '3', topic: t, summary: s}";

/// A case with this text as its one expectation, and as a segment of the peer.
fn suite(app: &str, peer: &str, sut: &str, time: &str) -> Suite {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let case = format!(
        "title: a law\npurpose: holds\nlevel: must\nclaims: ['9293:MUST-13']\nsteps:\n  \
         - app: {}\n  - peer: {}\n    as: seen\n  - sut: {}\n    within: {}\n",
        quoted(app),
        quoted(peer),
        quoted(sut),
        quoted(time),
    );
    load_files(&[
        SourceFile::new("requirements/rfc9293.yaml", REQUIREMENT),
        SourceFile::new("laws/one.yaml", &case),
    ])
}

fn pattern(text: &str) -> Result<SegmentPattern, String> {
    // After `abs:` nobody knows what the peer has sent, so any ACK may be right.
    let suite = suite("listen", "SYN seq=abs:0", text, "1s");
    if let Some(diagnostic) = suite.diagnostics.first() {
        return Err(diagnostic.render(false));
    }
    let steps = suite.variants().flat_map(|variant| &variant.steps);
    let found = steps.filter_map(|step| match &step.action {
        Action::Sut(ways) => ways.first()?.segments.first().cloned(),
        _ => None,
    });
    found.last().ok_or_else(|| "no segment".to_owned())
}

/// Words and marks of the languages of cases.
const TOKENS: &[&str] = &[
    "SYN",
    "ACK",
    "RST",
    "none",
    "seq=",
    "ack=",
    "len=",
    "win=",
    "urg=",
    "data=",
    "<",
    ">",
    "mss=",
    "ws=",
    "sackok",
    "ts=",
    "kind=",
    ";",
    "(",
    ")",
    "bad(checksum)",
    "raw(offset=",
    "frag(",
    "ttl=",
    "src=other",
    "rcv.nxt",
    "seen.end",
    "seen",
    "rto.lo",
    "2*msl",
    "r2.syn-ack",
    "keepalive.probes",
    "abs:",
    "..",
    "*",
    "!",
    "?",
    "+",
    "-",
    " ",
    "\"",
    "\\",
    "\\x4",
    "$",
    "$$",
    "1",
    "0x1f",
    "200ms",
    "1.5s",
    "9223372036854775807",
    "99999999999999999999h",
    "expect",
    "ok|eof",
    "send",
    "recv",
    "listen",
    "setopt",
    "nagle=",
    "é",
    "\u{2028}",
    ",",
    "'",
    ":",
    "#",
    "\n",
];

/// Text that looks like the languages of cases more often than chance would.
fn near_miss() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        prop::sample::select(TOKENS).prop_map(str::to_owned),
        ".{0,4}",
    ];
    prop::collection::vec(token, 0..12).prop_map(|tokens| tokens.concat())
}

/// YAML that looks like a case more often than chance would.
fn near_case() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        prop::sample::select(vec![
            "title: t",
            "purpose: p",
            "level: must",
            "claims: ['9293:MUST-13']",
            "needs: data",
            "from: established",
            "from: one",
            "matrix:",
            "  at:",
            "    left: {seq: 1}",
            "steps:",
            "  - app: listen",
            "  - peer: SYN seq=$at.seq",
            "  - sut:",
            "      one_of:",
            "        - SYN+ACK",
            "        - {quiet: 1s, tag: a}",
            "  - gone: now",
            "    within: [1s, 2s]",
            "  - use: {fragment: one, with: {a: b}}",
            "params: {iss: 0}",
            "- &a b",
            "- *a",
            "<<: {}",
            "---",
            "...",
            "? [a]",
            "! x",
            "\t",
            "[",
            "{",
            "]",
            "}",
            "- - -",
            "'",
            "\"",
            ">",
            "|",
        ])
        .prop_map(str::to_owned),
        ".{0,12}",
    ];
    prop::collection::vec(line, 0..20).prop_map(|lines| lines.join("\n"))
}

fn option() -> impl Strategy<Value = TcpOption> {
    prop_oneof![
        Just(TcpOption::EndOfList),
        Just(TcpOption::Nop),
        Just(TcpOption::SackPermitted),
        any::<u16>().prop_map(TcpOption::Mss),
        any::<u8>().prop_map(TcpOption::WindowScale),
        any::<u16>().prop_map(TcpOption::UserTimeout),
        any::<(u32, u32)>().prop_map(|(value, echo)| TcpOption::Timestamps { value, echo }),
        prop::collection::vec(any::<(u32, u32)>(), 1..4).prop_map(|blocks| {
            let number = |(left, right)| (SeqNumber::new(left), SeqNumber::new(right));
            TcpOption::Sack(blocks.into_iter().map(number).collect())
        }),
        (
            any::<u8>(),
            any::<u8>(),
            prop::collection::vec(any::<u8>(), 0..6)
        )
            .prop_map(|(kind, len, data)| TcpOption::Unknown { kind, len, data }),
        prop::collection::vec(any::<u8>(), 1..6).prop_map(TcpOption::Malformed),
    ]
}

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        (-(1_i64 << 31)..1 << 31).prop_map(Number::Relative),
        any::<u32>().prop_map(Number::Absolute),
    ]
}

prop_compose! {
    fn segment_text()(
        bits in 0_u16..0x1000,
        seq in number(),
        ack in prop::option::of(number()),
        len in 0_u32..65_000,
        window: u16,
        urgent: Option<u16>,
        options in prop::collection::vec(option(), 0..4),
    ) -> SegmentText {
        SegmentText { flags: Flags::from_bits(bits), seq, ack, len, window, urgent, options }
    }
}

fn value(number: Number) -> Match {
    Match::Value(match number {
        Number::Relative(number) => Expr::Number(number),
        Number::Absolute(number) => Expr::Absolute(number),
    })
}

fn count(number: impl Into<i64>) -> Match {
    Match::Value(Expr::Number(number.into()))
}

/// What a printed option says: numbers of the connection are expressions.
fn option_pattern(option: TcpOption) -> OptionPattern {
    let number = |seq: SeqNumber| Expr::Number(seq.value().into());
    match option {
        TcpOption::Timestamps { value, echo } => {
            OptionPattern::Timestamps(count(value), count(echo))
        }
        TcpOption::Sack(blocks) => {
            let blocks = blocks.into_iter();
            let blocks = blocks.map(|(left, right)| (number(left), number(right)));
            OptionPattern::Sack(blocks.collect())
        }
        other => OptionPattern::Exactly(other),
    }
}

proptest! {
    #[test]
    fn no_text_of_a_step_panics(
        app in near_miss(), peer in near_miss(), sut in near_miss(), time in near_miss()
    ) {
        for diagnostic in suite(&app, &peer, &sut, &time).diagnostics {
            prop_assert!(!diagnostic.render(true).is_empty());
        }
    }

    #[test]
    fn no_file_panics(text in near_case(), fragment in near_case()) {
        let files = [
            SourceFile::new("requirements/rfc9293.yaml", REQUIREMENT),
            SourceFile::new("preludes/established.yaml", &fragment),
            SourceFile::new("fragments/one.yaml", &fragment),
            SourceFile::new("preludes/one.yaml", &text),
            SourceFile::new("laws/one.yaml", &text),
        ];
        for diagnostic in load_files(&files).diagnostics {
            prop_assert!(!diagnostic.render(false).is_empty());
        }
    }

    #[test]
    fn printed_segment_is_a_pattern_of_its_fields(text in segment_text()) {
        let read = pattern(&text.to_string()).map_err(TestCaseError::fail)?;
        prop_assert_eq!(read.flags, text.flags);
        prop_assert_eq!(read.optional, Flags::NONE);
        prop_assert_eq!(read.seq, Some(value(text.seq)));
        prop_assert_eq!(read.ack, text.ack.map(value));
        prop_assert_eq!(read.len, (text.len > 0).then(|| count(text.len)));
        prop_assert_eq!(read.window, Some(count(text.window)));
        prop_assert_eq!(read.urgent, text.urgent.map(count));
        let options: Vec<_> = text.options.into_iter().map(option_pattern).collect();
        prop_assert_eq!(read.options, options);
    }
}
