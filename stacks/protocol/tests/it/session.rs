//! What becomes of a session: who is blamed for its end, and with which words;
//! whether a process is used again; that none is left.

use std::fs;
use std::time::Duration;

use rstest::rstest;
use tcpspec_connector::{Call, Handle, Ret, StackUnderTest, Stop};
use tcpspec_protocol::Client;
use tcpspec_wire::Instant;

use crate::toy::{HELLO, NOTHING, PATIENCE, connect, setup};

/// Whoever says no hello, or a wrong one, is known by it.
#[rstest]
#[case::dead(
    "echo oops >&2; exit 3",
    "the stack died: its process ended, exit status: 3, before it said hello; it wrote last: `oops`"
)]
#[case::talker(
    "echo hi",
    "the connector is at fault: line 1: `hi` is no hello: expected value at line 1 column 1"
)]
#[case::newer(
    r#"echo '{"hello":2,"name":"toy","clock":"virtual","caps":[]}'"#,
    "is no hello: it speaks version 2; this is version 1"
)]
#[case::boaster(
    r#"echo '{"hello":1,"name":"toy","clock":"virtual","caps":[],"limits":{"line":99999999}}'"#,
    "is no hello: no line may be longer than 8388608 octets"
)]
fn hello_that_is_none(#[case] script: &str, #[case] expected: &str) {
    let error = connect(script, PATIENCE).unwrap_err().to_string();
    assert!(error.ends_with(expected), "{error}");
}

#[test]
fn what_cannot_be_started_is_no_stack() {
    let missing = "exec:/nowhere/stack".parse().unwrap();
    let error = Client::connect(missing, PATIENCE).unwrap_err().to_string();
    assert_eq!(
        error,
        "exec:/nowhere/stack: No such file or directory (os error 2)"
    );
}

/// What a connector does when it is opened, and who is to blame.
#[rstest]
#[case::exits(
    "read a; echo bye >&2; exit 3",
    "the stack died: its process ended, exit status: 3, when it was opened; it wrote last: `bye`"
)]
#[case::is_killed(
    "read a; kill -SEGV $$",
    "the stack died: its process ended, signal: 11 (SIGSEGV), when it was opened"
)]
#[case::closes(
    "read a; exec >&-; sleep 9",
    "the stack died: its process closed its output when it was opened"
)]
#[case::logs(
    "read a; echo INFO opened; read a",
    "the connector is at fault: line 2, when it was opened: `INFO opened` is no reply: expected value at line 1 column 1"
)]
#[case::without_time(
    "read a; echo '{}'; read a",
    "the connector is at fault: line 2, when it was opened: `{}` is no reply: missing field `now` at line 1 column 2"
)]
#[case::bad_hex(r#"read a; echo '{"now":0,"tx":[[0,"45x0"]]}'; read a"#,
    r#"line 2, when it was opened: `{"now":0,"tx":[[0,"45x0"]]}` is no reply: `x0` at digit 3 is not hex at line 1 column 24"#)]
#[case::half_hex(
    r#"read a; echo '{"now":0,"tx":[[0,"450"]]}'; read a"#,
    "is no reply: 3 hex digits are no whole octets at line 1 column 23"
)]
#[case::runs_ahead(
    r#"read a; echo '{"now":5}'; read a"#,
    "line 2, when it was opened: time went on to +0.000000005, and was let pass until +0.000"
)]
#[case::answers_calls(
    r#"read a; echo '{"now":0,"ret":{"ok":true}}'; read a"#,
    "line 2, when it was opened: there is a `ret`, and nothing was called"
)]
#[case::state(
    r#"read a; echo '{"now":0,"states":[[80,40000,"OPEN",0]]}'; read a"#,
    "line 2, when it was opened: `OPEN` is no state of RFC 9293"
)]
#[case::long_line(
    "read a; head -c 9000000 /dev/zero; read a",
    "the connector is at fault: when it was opened: it said a line of more than 8388608 octets, the most that it may"
)]
#[case::floods(
    r#"read a; printf '{"now":0,"tx":[[0,"45"]'; for i in $(seq 1001); do printf ',[0,"45"]'; done; echo ']}'; read a"#,
    "the stack emitted more than 1000 packets in one instant"
)]
fn open_that_fails(#[case] script: &str, #[case] expected: &str) {
    let mut client = connect(&format!("{HELLO}; {script}"), PATIENCE).unwrap();
    let error = client.open(&setup()).unwrap_err().to_string();
    assert!(error.ends_with(expected), "{error}");
    // The process is gone, and that is no panic.
    let again = client.run(Instant::ZERO, Stop::AtEnd).unwrap_err();
    assert_eq!(
        again.to_string(),
        "the stack was left before, and not opened again"
    );
}

#[test]
fn silence_is_told_from_slowness_by_the_deadline() {
    let script = format!("{HELLO}; read a; {NOTHING}; read a; sleep 99");
    let mut client = connect(&script, Duration::from_millis(300)).unwrap();
    client.open(&setup()).unwrap();
    let error = client.deliver(&[vec![0x45]]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the stack did not answer within 300ms of real time when it was given 1 octets that are no segment"
    );
}

#[test]
fn an_answer_that_nobody_asked_for_is_blamed() {
    let twice = r#"printf '{"now":0}\n{"now":0}\n'"#;
    let mut client = connect(&format!("{HELLO}; read a; {twice}; read a"), PATIENCE).unwrap();
    client.open(&setup()).unwrap();
    let error = client.run(Instant::ZERO, Stop::AtEnd).unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"the connector is at fault: when time was let pass: it had said `{"now":0}` without being asked"#
    );
}

/// Time that does not move as it is let pass would keep the harness for ever.
#[rstest]
#[case::halts(
    r#"{"now":3}"#,
    "time stopped at +0.000000003 for no reason, and was let pass until +0.000000009"
)]
#[case::runs_on(
    r#"{"now":10}"#,
    "time went on to +0.000000010, and was let pass until +0.000000009"
)]
#[case::stands(r#"{"now":0,"tx":[[0,"45"]]}"#, "time stands still at +0.000")]
#[case::out_of_order(
    r#"{"now":9,"tx":[[5,"45"],[4,"45"]]}"#,
    "a packet left at +0.000000004, between +0.000000005 and +0.000000009"
)]
fn time_goes_as_far_as_it_is_let(#[case] answer: &str, #[case] expected: &str) {
    let script = format!("{HELLO}; read a; {NOTHING}; while read a; do echo '{answer}'; done");
    let mut client = connect(&script, PATIENCE).unwrap();
    client.open(&setup()).unwrap();
    let end = Instant::from_nanos(9);
    let mut runs = (0..2000).map(|_| client.run(end, Stop::FirstPacket));
    let error = runs.find_map(Result::err).unwrap().to_string();
    assert!(error.ends_with(expected), "{error}");
}

#[test]
fn time_does_not_go_back() {
    let script = format!(
        r#"{HELLO}; read a; {NOTHING}; read a; echo '{{"now":9}}'; read a; echo '{{"now":8}}'; read a"#
    );
    let mut client = connect(&script, PATIENCE).unwrap();
    client.open(&setup()).unwrap();
    let end = Instant::from_nanos(9);
    client.run(end, Stop::AtEnd).unwrap();
    let error = client.run(end, Stop::AtEnd).unwrap_err().to_string();
    assert!(
        error.ends_with("time went back from +0.000000009 to +0.000000008"),
        "{error}"
    );
}

/// Answers every request but `info` with nothing; that one with a number of a process.
fn asked_for_a_process(hello: &str, number: &str) -> String {
    format!(
        r#"{hello}; {number}; while read line; do case "$line" in
            *info*) echo "{{\"now\":0,\"ret\":{{\"ok\":[$number]}}}}";;
            *call*) echo '{{"now":0,"ret":{{"err":"unsupported"}}}}';;
            *) {NOTHING};;
        esac; done"#
    )
}

fn process(client: &mut Client) -> u64 {
    let call = Call::Info {
        handle: Handle("C".to_owned()),
        names: vec!["pid".to_owned()],
    };
    let ret = client.call(&call).unwrap().ret.unwrap().unwrap();
    let Ret::Info(values) = ret else {
        panic!("{ret:?}")
    };
    values[0].unwrap()
}

#[rstest]
#[case::opened_again(HELLO.to_owned(), true)]
#[case::fresh(HELLO.replace(r#","reopen":true"#, ""), false)]
fn a_trial_has_a_process_of_its_own_unless_it_can_be_opened_again(
    #[case] hello: String,
    #[case] same: bool,
) {
    let mut client = connect(&asked_for_a_process(&hello, "number=$$"), PATIENCE).unwrap();
    let mut opened = || {
        client.open(&setup()).unwrap();
        process(&mut client)
    };
    assert_eq!(opened() == opened(), same);
}

/// Whether a process runs; one that has ended and was not waited for does not.
fn is_running(process: u64) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(") ")
        .is_some_and(|(_, state)| !state.starts_with('Z'))
}

#[test]
fn no_process_is_left() {
    let script = asked_for_a_process(HELLO, "sleep 1000 >&- 2>&- & number=$!");
    let mut client = connect(&script, PATIENCE).unwrap();
    client.open(&setup()).unwrap();
    let child = process(&mut client);
    assert!(is_running(child));
    drop(client);
    // Killed it is at once; until it has ended the kernel may need a moment.
    while is_running(child) {
        std::thread::yield_now();
    }
}

#[test]
fn honesty_is_probed() {
    let mut honest = connect(&asked_for_a_process(HELLO, "number=$$"), PATIENCE).unwrap();
    honest.open(&setup()).unwrap();
    assert_eq!(honest.probe(1).unwrap(), Vec::<String>::new());

    let claims = HELLO.replace("\"data\"", "\"data\",\"telepathy\"");
    let liar = format!(
        r#"{claims}; read a; {NOTHING}; while read a; do echo '{{"now":0,"ret":{{"ok":true}}}}'; done"#
    );
    let mut liar = connect(&liar, PATIENCE).unwrap();
    liar.open(&setup()).unwrap();
    let remarks = liar.probe(1).unwrap();
    let [capability, verb, option] = remarks.as_slice() else {
        panic!("{remarks:?}")
    };
    assert_eq!(
        capability,
        "it declares `telepathy`, which is no capability"
    );
    assert!(
        verb.starts_with("it does not answer `unsupported` to the verb `x"),
        "{verb}"
    );
    assert!(
        option.starts_with("it does not answer `unsupported` to the option `x"),
        "{option}"
    );
}

#[test]
fn transcript_holds_what_was_said_since_the_stack_was_opened() {
    let mut client = connect(
        &asked_for_a_process(HELLO, "number=$$; echo up >&2"),
        PATIENCE,
    )
    .unwrap();
    for _ in 0..2 {
        client.open(&setup()).unwrap();
    }
    let transcript = client.transcript();
    assert_eq!(transcript.lines.len(), 2);
    assert!(transcript.lines[0].starts_with(r#"> {"open":{"addr":"192.0.2.1/24""#));
    assert_eq!(transcript.lines[1], r#"< {"now":0,"next":null}"#);
    assert_eq!(transcript.stderr, ["up"]);
}
