//! Sessions as they are seen, on the bundled stack.

use rstest::rstest;
use tcpspec_bundled::Config;
use tcpspec_bundled_adapter::Bundled;

use super::*;

/// What comes of these lines.
fn session(lines: &[&str]) -> Vec<String> {
    let mut bundled = Bundled::new(Config::default());
    let mut shell = Shell::new(&mut bundled, 1);
    shell.type_in("open").unwrap();
    let typed = lines.iter().flat_map(|line| match shell.type_in(line) {
        Ok(told) => told.unwrap_or_else(|| vec!["bye".to_owned()]),
        Err(error) => vec![error.to_string()],
    });
    // What the stack offers in options and windows is no matter here.
    let plain = |line: String| line.split(" win=").next().unwrap_or_default().to_owned();
    typed.map(plain).collect()
}

#[rstest]
#[case::conversation(
    &["listen", "peer SYN", "peer ACK", "accept", r#"peer PSH+ACK data="hi""#, "recv", "send hello", "peer ACK"],
    &[
        "ok",
        "+0.000  -> SYN seq=0",
        "+0.000  <- SYN+ACK seq=0 ack=1",
        "+0.000     SYN-RECEIVED",
        "+0.000  -> ACK seq=1 ack=1",
        "+0.000     ESTABLISHED",
        "ok",
        "+0.000  -> PSH+ACK seq=1 ack=1 len=2",
        "2 octets: hi",
        "+0.000  <- PSH+ACK seq=1 ack=3 len=5",
        "5 octets taken",
        "+0.000  -> ACK seq=3 ack=6",
    ]
)]
#[case::nobody_listens(
    &["peer SYN"],
    &["+0.000  -> SYN seq=0", "+0.000  <- RST+ACK seq=abs:0 ack=1"]
)]
#[case::time(
    &["listen", "peer SYN", "run 1s", "state", "quit"],
    &[
        "ok",
        "+0.000  -> SYN seq=0",
        "+0.000  <- SYN+ACK seq=0 ack=1",
        "+0.000     SYN-RECEIVED",
        "+1.000  <- SYN+ACK seq=0 ack=1",
        "+1.000",
        "SYN-RECEIVED",
        "bye",
    ]
)]
#[case::leap(
    &["listen", "peer SYN", "leap 1min", "die"],
    &[
        "ok",
        "+0.000  -> SYN seq=0",
        "+0.000  <- SYN+ACK seq=0 ack=1",
        "+0.000     SYN-RECEIVED",
        "+60.000  <- SYN+ACK seq=0 ack=1",
        "+60.000",
        "error: unsupported",
    ]
)]
#[case::active(
    &["connect", "peer SYN+ACK", "peer RST"],
    &[
        "+0.000  <- SYN seq=0",
        "+0.000     SYN-SENT",
        "ok",
        "+0.000  -> SYN+ACK seq=0 ack=1",
        "+0.000  <- ACK seq=1 ack=1",
        "+0.000     ESTABLISHED",
        "+0.000  -> RST seq=1",
        "+0.000     CLOSED",
    ]
)]
#[case::mistakes(
    &["dance", "peer FOO", "recv", "state"],
    &[
        "`dance` is no command; `help` says what can be typed",
        "`FOO` is not a control bit: write SYN, FIN, RST, PSH, URG, ACK, ECE, CWR, AE, R1, R2, R3, joined by `+`, or `none` (at octet 0)",
        "error: closed",
        "nothing was told of any state",
    ]
)]
fn session_shows_what_comes(#[case] lines: &[&str], #[case] expected: &[&str]) {
    assert_eq!(session(lines), expected);
}

#[test]
fn help_names_every_command() {
    for line in HELP.lines().filter(|line| !line.starts_with(' ')) {
        for words in line.split("  ").next().unwrap_or_default().split(", ") {
            let typed = words.replace("[PORT]", "80").replace("[MOST]", "9");
            let typed = typed.replace("SEGMENT", "SYN").replace("DURATION", "1s");
            let command: Result<Command, String> = typed.parse();
            assert!(command.is_ok(), "{typed}");
        }
    }
}
