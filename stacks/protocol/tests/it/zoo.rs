//! Connectors that lie: each is blamed with the right sentence, none keeps the
//! harness waiting for ever, no process is left of any, and the next trial goes on.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rstest::rstest;
use tcpspec_connector::{Call, Handle, StackError, StackUnderTest, Stop};
use tcpspec_protocol::Client;
use tcpspec_wire::Instant;

use crate::toy::{PATIENCE, address, setup};

/// Long enough to say hello, short enough to be waited for.
const SHORT: Duration = Duration::from_secs(2);

/// A liar lies in its first process, whose number is left in `MARK`, and is honest
/// in those that follow. `greet` says hello, `answer` hears a request and answers as
/// it should, `hear` only hears one.
const LIAR: &str = r#"
clock=virtual; ids=; id=; now=0
greet() {
    echo "{\"hello\":1,\"name\":\"liar\",\"clock\":\"$clock\",$ids\"caps\":[\"ipv4\",\"data\"]}"
}
hear() { read -r line || exit 0; }
answer() {
    hear
    test -z "$ids" || { id="${line##*,}"; id=",${id%\}}"; }
    case "$line" in
        *open*) now=0;;
        *run*) now="${line#*:}"; now="${now%%,*}";;
    esac
    case "$line" in
        *call*) echo "{\"now\":$now$id,\"ret\":{\"err\":\"again\"}}";;
        *) echo "{\"now\":$now$id}";;
    esac
}
if test -e MARK; then greet; while answer; do :; done; fi
echo $$ > MARK
"#;

/// Every kind of request once: `open`, a call, a packet, and time that passes.
fn trial(client: &mut Client) -> Result<(), StackError> {
    client.open(&setup())?;
    let recv = Call::Recv {
        handle: Handle("C".to_owned()),
        max: 9,
    };
    client.call(&recv)?;
    client.deliver(&[vec![0x45]])?;
    client.run(Instant::from_nanos(9), Stop::AtEnd)?;
    client.run(Instant::from_nanos(10), Stop::AtEnd)?;
    Ok(())
}

fn check(lie: &str, patience: Duration, expected: &str) {
    check_script(&format!("{LIAR}{lie}"), patience, expected);
}

/// What comes of the liar's first trial, and that another follows.
fn check_script(script: &str, patience: Duration, expected: &str) {
    let dir = tempfile::tempdir().unwrap();
    let mark = dir.path().join("mark");
    let script = script.replace("MARK", mark.to_str().unwrap());
    let connect = || Client::connect(address(&script), patience);
    let blamed = |error: StackError| {
        let error = error.to_string();
        assert!(error.ends_with(expected), "{error}");
        check_gone(&mark);
    };
    let mut client = match connect() {
        Ok(mut client) => {
            blamed(trial(&mut client).unwrap_err());
            client
        }
        Err(error) => {
            blamed(error);
            connect().unwrap()
        }
    };
    trial(&mut client).unwrap();
}

/// Of the liar's process and its children none is left.
fn check_gone(mark: &Path) {
    let number = fs::read_to_string(mark).unwrap();
    // Killed they are at once; until they have ended the kernel may need a moment.
    while has_members(number.trim()) {
        std::thread::yield_now();
    }
}

/// Whether any process of a group runs; one that nobody waits for does not.
fn has_members(group: &str) -> bool {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let stats = processes.filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok());
    let mut fields = stats.filter_map(|stat| {
        let (_, fields) = stat.rsplit_once(") ")?;
        let mut fields = fields.split(' ').map(str::to_owned);
        Some((fields.next()?, fields.nth(1)?))
    });
    fields.any(|(state, of)| of == group && state != "Z" && state != "X")
}

/// Whoever says no hello, or a wrong one, is known by it.
#[rstest]
#[case::dead(
    "echo oops >&2; exit 3",
    "the stack died: its process ended, exit status: 3, before it said hello; it wrote last: `oops`"
)]
#[case::killed(
    "kill -SEGV $$",
    "the stack died: its process ended, signal: 11 (SIGSEGV), before it said hello"
)]
#[case::orphaned(
    "sleep 1000 & exit 3",
    "the stack died: its process ended, exit status: 3, before it said hello"
)]
#[case::mute(
    "exec >&-; exec sleep 1000",
    "the stack died: its process closed its output before it said hello"
)]
#[case::talker(
    "echo hi; hear",
    "the connector is at fault: line 1: `hi` is no hello: expected value at line 1 column 1"
)]
#[case::newer(
    r#"greet | sed s/1/2/; hear"#,
    "is no hello: it speaks version 2; this is version 1"
)]
#[case::boaster(
    r#"greet | sed 's/"name"/"limits":{"line":99999999},"name"/'; hear"#,
    "is no hello: no line may be longer than 8388608 octets"
)]
#[case::large(
    r#"greet | sed 's/"name"/"mtu":65536,"name"/'; hear"#,
    "invalid value: integer `65536`, expected u16 at line 1 column 22"
)]
#[case::long(
    "head -c 10000000 /dev/zero; hear",
    "the connector is at fault: its hello is longer than 8388608 octets"
)]
#[case::twice(
    r#"printf '%s\n%s\n' "$(greet)" "$(greet)"; hear"#,
    r#"the connector is at fault: it said `{"hello":1,"name":"liar","clock":"virtual","caps":["ipv4","data"]}` without being asked"#
)]
fn hello_that_is_none(#[case] lie: &str, #[case] expected: &str) {
    check(lie, PATIENCE, expected);
}

/// Who dies, and who only seems to live.
#[rstest]
#[case::exits(
    "hear; echo bye >&2; exit 3",
    "the stack died: its process ended, exit status: 3, when it was opened; it wrote last: `bye`"
)]
#[case::is_killed(
    "hear; kill -SEGV $$",
    "the stack died: its process ended, signal: 11 (SIGSEGV), when it was opened"
)]
#[case::dies_later(
    "answer; answer; hear; exit 1",
    "the stack died: its process ended, exit status: 1, when it was given 1 octets that are no segment"
)]
#[case::closes_its_output(
    "hear; exec >&-; exec sleep 1000",
    "the stack died: its process closed its output when it was opened"
)]
#[case::closes_its_input(
    r#"hear; exec <&-; echo '{"now":0}'; exec sleep 1000"#,
    "the stack died: its process closed its input when its application called `recv`"
)]
#[case::leaves_a_child(
    "answer; sleep 1000 & exit 3",
    "the stack died: its process ended, exit status: 3, when its application called `recv`"
)]
#[case::leaves_a_child_that_speaks(
    "hear; { printf '{'; exec sleep 1000; } & exit 3",
    "the stack died: its process ended, exit status: 3, when it was opened"
)]
fn death(#[case] lie: &str, #[case] expected: &str) {
    check(&format!("greet; {lie}"), PATIENCE, expected);
}

/// Who does not answer in time, and does not end.
#[rstest]
#[case::silent(
    "answer; hear; exec sleep 1000",
    "the stack did not answer within 2s of real time when its application called `recv`"
)]
#[case::deaf(
    "answer; exec sleep 1000",
    "the stack did not answer within 2s of real time when its application called `recv`"
)]
#[case::half_a_line(
    r#"hear; printf '{"now":'; exec sleep 1000"#,
    "the stack did not answer within 2s of real time when it was opened"
)]
#[case::complains_for_ever(
    "hear; exec cat /dev/zero 3>&1 >&2",
    "the stack did not answer within 2s of real time when it was opened"
)]
#[case::ignores_the_end(
    "trap '' TERM HUP INT PIPE; hear; while :; do sleep 1000; done",
    "the stack did not answer within 2s of real time when it was opened"
)]
fn silence(#[case] lie: &str, #[case] expected: &str) {
    check(&format!("greet; {lie}"), SHORT, expected);
}

#[test]
fn no_hello_at_all() {
    let expected = "the stack did not answer by any hello within 2s of real time";
    check("exec sleep 1000", SHORT, expected);
}

/// Who says what is no reply to `open`.
#[rstest]
#[case::logs(
    "echo INFO opened",
    "the connector is at fault: line 2, when it was opened: `INFO opened` is no reply: expected value at line 1 column 1"
)]
#[case::empty(
    "echo",
    "line 2, when it was opened: `` is no reply: EOF while parsing a value at line 1 column 0"
)]
#[case::without_time(
    "echo '{}'",
    "`{}` is no reply: missing field `now` at line 1 column 2"
)]
#[case::list(
    "echo '[0]'",
    "line 2, when it was opened: `[0]` is no reply: it is no JSON object"
)]
#[case::bad_hex(
    r#"echo '{"now":0,"tx":[[0,"45x0"]]}'"#,
    r#"`{"now":0,"tx":[[0,"45x0"]]}` is no reply: `x0` at digit 3 is not hex at line 1 column 24"#
)]
#[case::half_hex(
    r#"echo '{"now":0,"tx":[[0,"450"]]}'"#,
    "is no reply: 3 hex digits are no whole octets at line 1 column 23"
)]
#[case::huge(
    r#"echo '{"now":99999999999999999999}'"#,
    "is no reply: invalid type: floating point `1e+20`, expected u64 at line 1 column 27"
)]
#[case::infinite(
    r#"echo '{"now":1e999}'"#,
    "`{\"now\":1e999}` is no reply: number out of range at line 1 column 12"
)]
#[case::negative(
    r#"echo '{"now":-1}'"#,
    "is no reply: invalid value: integer `-1`, expected u64 at line 1 column 9"
)]
#[case::deep(
    r#"printf '{"now":0,"ret":{"ok":'; head -c 100000 /dev/zero | tr '\0' '['; echo"#,
    "[[[`... is no reply: recursion limit exceeded at line 1 column 147"
)]
#[case::no_text(
    r#"printf '{"now":0,"ret":{"err":"\377"}}\n'"#,
    "`{\"now\":0,\"ret\":{\"err\":\"\u{fffd}\"}}` is no reply: invalid unicode code point at line 1 column 24"
)]
#[case::nul(
    r#"printf '{"now":0\0}\n'"#,
    "`{\"now\":0\u{fffd}}` is no reply: expected `,` or `}` at line 1 column 9"
)]
#[case::long_line(
    "head -c 10000000 /dev/zero",
    "the connector is at fault: when it was opened: it said a line of more than 8388608 octets, the most that it may"
)]
#[case::answers_calls(
    r#"echo '{"now":0,"ret":{"ok":true}}'"#,
    "line 2, when it was opened: there is a `ret`, and nothing was called"
)]
#[case::state(
    r#"echo '{"now":0,"states":[[80,40000,"OPEN",0]]}'"#,
    "line 2, when it was opened: `OPEN` is no state of RFC 9293"
)]
#[case::floods(
    r#"printf '{"now":0,"tx":[[0,"45"]'; for i in $(seq 1001); do printf ',[0,"45"]'; done; echo ']}'"#,
    "the stack emitted more than 1000 packets in one instant"
)]
#[case::twice(
    r#"printf '{"now":0}\n{"now":0}\n'"#,
    "when it was opened: it answered, and said `{\"now\":0}` without being asked"
)]
fn reply_that_is_none(#[case] lie: &str, #[case] expected: &str) {
    check(&format!("greet; hear; {lie}; hear"), PATIENCE, expected);
}

/// Who numbers its answers, and answers something else than it was asked.
#[rstest]
#[case::twice(
    r#"{"now":0,"id":1,"ret":{"ok":"61"}}"#,
    "line 3, when it was opened: it answered request 1 a second time"
)]
#[case::long_ago(
    r#"{"now":0,"id":0}"#,
    "when its application called `recv`: it answered request 0, and request 2 was asked"
)]
#[case::ahead(
    r#"{"now":0,"id":18446744073709551615}"#,
    "it answered request 18446744073709551615, and request 2 was asked"
)]
#[case::none(
    r#"{"now":0}"#,
    "it does not say that it answers request 2, as it declares"
)]
fn number_that_is_another(#[case] answer: &str, #[case] expected: &str) {
    let script = LIAR.replace("ids=;", r#"ids='"ids":true,';"#);
    let lie = format!(r#"greet; answer; hear; echo '{answer}'; hear"#);
    check_script(&(script + &lie), PATIENCE, expected);
}

/// What comes between an answer and the next request belongs to what was answered.
#[test]
fn second_answer_before_the_next_request() {
    let dir = tempfile::tempdir().unwrap();
    let (go, gone) = (dir.path().join("go"), dir.path().join("gone"));
    let lie = format!(
        r#"{LIAR} greet; answer; until test -e {}; do :; done; echo '{{"now":0}}'; echo > {}; hear"#,
        go.display(),
        gone.display()
    );
    let script = lie.replace("MARK", dir.path().join("mark").to_str().unwrap());
    let mut client = Client::connect(address(&script), PATIENCE).unwrap();
    client.open(&setup()).unwrap();
    fs::write(go, "").unwrap();
    while !gone.exists() {
        std::thread::yield_now();
    }
    let error = client.deliver(&[vec![0x45]]).unwrap_err().to_string();
    assert_eq!(
        error,
        "the connector is at fault: when it was opened, it said `{\"now\":0}` after its answer, without being asked"
    );
}

#[test]
fn hello_that_changes() {
    let script = r#"echo '{"hello":1,"name":"'$$'","clock":"virtual","caps":["ipv4"]}'; read -r line; echo '{"now":0}'; read -r line"#;
    let mut client = Client::connect(address(script), PATIENCE).unwrap();
    client.open(&setup()).unwrap();
    let error = client.open(&setup()).unwrap_err().to_string();
    assert_eq!(
        error,
        "the connector is at fault: line 1, when it said hello: it declares something else than it did before"
    );
}

/// Who answers `recv` with what it cannot give.
#[rstest]
#[case::nothing("", "`recv` has no `ret`")]
#[case::done(r#","ret":{"ok":true}"#, "`recv` cannot give true")]
#[case::hex(r#","ret":{"ok":"x1"}"#, "`x1` at digit 1 is not hex")]
#[case::more_than_asked(
    r#","ret":{"ok":"00112233445566778899"}"#,
    "`recv` cannot give 10 octets, of at most 9"
)]
#[case::word(
    r#","ret":{"err":"sorry"}"#,
    "`sorry` is no error; there are again, eof, refused, reset, timeout, closed, inuse, unsupported and other:TEXT"
)]
#[case::both(
    r#","ret":{"err":"again","ok":true}"#,
    "is no reply: expected value at line 1 column 29"
)]
fn return_that_is_none(#[case] rest: &str, #[case] expected: &str) {
    let lie = format!(r#"greet; answer; hear; echo '{{"now":0{rest}}}'; hear"#);
    check(&lie, PATIENCE, expected);
}

/// Whose time goes as it cannot.
#[rstest]
#[case::at_once(
    "",
    r#"{"now":5}"#,
    "line 2, when it was opened: time went on to +0.000000005, and was let pass until +0.000"
)]
#[case::back(
    "answer; answer; answer; answer;",
    r#"{"now":8}"#,
    "line 6, when time was let pass: time went back from +0.000000009 to +0.000000008"
)]
#[case::not_at_all(
    "answer; answer; answer;",
    r#"{"now":0}"#,
    "time stopped at +0.000 for no reason, and was let pass until +0.000000009"
)]
#[case::not_enough(
    "answer; answer; answer;",
    r#"{"now":3}"#,
    "time stopped at +0.000000003 for no reason, and was let pass until +0.000000009"
)]
#[case::beyond(
    "answer; answer; answer;",
    r#"{"now":10}"#,
    "time went on to +0.000000010, and was let pass until +0.000000009"
)]
#[case::to_the_end_of_time(
    "answer; answer; answer;",
    r#"{"now":18446744073709551615}"#,
    "time went on to +18446744073.709551615, and was let pass until +0.000000009"
)]
#[case::packet_of_before(
    "answer; answer; answer; answer;",
    r#"{"now":10,"tx":[[8,"45"]]}"#,
    "a packet left at +0.000000008, between +0.000000009 and +0.000000010"
)]
#[case::packet_of_later(
    "",
    r#"{"now":0,"tx":[[1,"45"]]}"#,
    "a packet left at +0.000000001, between +0.000 and +0.000"
)]
#[case::out_of_order(
    "answer; answer; answer;",
    r#"{"now":9,"tx":[[5,"45"],[4,"45"]]}"#,
    "a packet left at +0.000000004, between +0.000000005 and +0.000000009"
)]
#[case::state_of_later(
    "",
    r#"{"now":0,"states":[[80,40000,"LISTEN",1]]}"#,
    "a state changed at +0.000000001, and it is +0.000"
)]
#[case::late(
    "",
    r#"{"now":0,"late":7}"#,
    "it was late by 7ns, and its clock is virtual"
)]
fn time_that_cannot_be(#[case] before: &str, #[case] answer: &str, #[case] expected: &str) {
    let lie = format!("greet; {before} hear; echo '{answer}'; hear");
    check(&lie, PATIENCE, expected);
}

/// Whose real clock is another than ours.
#[rstest]
#[case::ahead(r#"{"now":7200000000000,"ret":{"err":"again"}}"#)]
#[case::late(r#"{"now":0,"late":7200000000000,"ret":{"err":"again"}}"#)]
fn real_clock_that_goes_wrong(#[case] answer: &str) {
    let lie = format!("greet; answer; hear; echo '{answer}'; hear");
    // The honest ones do not look at a clock: it may be wrong by an hour.
    let caps = r#"\"profile\":{\"clock_error\":3600000000000},\"caps\""#;
    let real = LIAR.replace("clock=virtual", "clock=real");
    let script = real.replace(r#"\"caps\""#, caps) + &lie;
    check_script(&script, PATIENCE, "have passed since it was opened");
}

/// Time that does not move as it is let pass would keep the harness for ever.
#[test]
fn time_stands_still() {
    let hello = r#"{"hello":1,"name":"liar","clock":"virtual","caps":["ipv4"]}"#;
    let answers = r#"while read -r line; do echo '{"now":0,"tx":[[0,"45"]]}'; done"#;
    let script = address(&format!("echo '{hello}'; {answers}"));
    let mut client = Client::connect(script, PATIENCE).unwrap();
    client.open(&setup()).unwrap();
    let mut runs = (0..2000).map(|_| client.run(Instant::from_nanos(9), Stop::FirstPacket));
    let error = runs.find_map(Result::err).unwrap().to_string();
    assert!(error.ends_with(": time stands still at +0.000"), "{error}");
}

/// Who seems to lie and does not: what comes next is what is blamed.
#[rstest]
#[case::octet_by_octet(
    r#"for part in '{' '"n' 'ow' '":' 0 '}' '
'; do printf %s "$part"; done"#
)]
#[case::field_of_a_later_version(r#"echo '{"later":[[{}]],"now":0}'"#)]
#[case::spaces(r#"printf ' { "now" : 0 } \r\n'"#)]
#[case::complaint_of_a_gigabyte(r#"head -c 1000000000 /dev/zero >&2; echo '{"now":0}'"#)]
fn answer_that_is_taken(#[case] answer: &str) {
    let expected = "line 3, when its application called `recv`: `no` is no reply: expected ident at line 1 column 2";
    check(
        &format!("greet; hear; {answer}; hear; echo no; hear"),
        PATIENCE,
        expected,
    );
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|peak| peak.split_whitespace().next());
    assert!(
        kilobytes.unwrap().parse::<u64>().unwrap() < 400_000,
        "{status}"
    );
}
