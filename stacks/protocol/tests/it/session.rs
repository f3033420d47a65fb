//! What becomes of a session: whether a process is used again, that none is left,
//! what is known of it. Who lies is in `zoo`.

use std::fs;

use rstest::rstest;
use tcpspec_connector::{Call, Handle, Ret, StackUnderTest};
use tcpspec_protocol::Client;

use crate::toy::{HELLO, NOTHING, PATIENCE, connect, setup};

#[test]
fn what_cannot_be_started_is_no_stack() {
    let missing = "exec:/nowhere/stack".parse().unwrap();
    let error = Client::connect(missing, PATIENCE).unwrap_err().to_string();
    assert_eq!(
        error,
        "exec:/nowhere/stack: No such file or directory (os error 2)"
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
