//! First steps of a stack of one's own: the ladder, on stacks that are right and
//! on stacks that are wrong in one way each; and the shell.

use std::fs;
use std::io::{BufReader, Write};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;
use std::thread;

use rstest::rstest;
use tcpspec_bundled_adapter::Bundled;
use tcpspec_protocol::serve;
use tempfile::TempDir;

use crate::common::{printed, root, tcpspec};

/// What every stack climbs that is there at all.
const RUNGS: usize = 11;

/// A compiler is there wherever there is Rust's linker.
pub(crate) fn compile(source: &Path, program: &Path) {
    let mut cc = Command::new("cc");
    cc.args(["-std=c11", "-O0", "-Wall", "-Wextra", "-Werror", "-o"]);
    let built = cc.arg(program).arg(source).output().unwrap();
    assert!(built.status.success(), "{}", printed(&built));
}

struct Toy {
    _dir: TempDir,
    program: PathBuf,
}

impl Toy {
    /// The toy with one text in its source in place of another.
    fn with(from: &str, to: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["toy.c", "v1.h"] {
            let text = fs::read_to_string(root().join("stacks/toy").join(name)).unwrap();
            fs::write(dir.path().join(name), text).unwrap();
        }
        let edited = ["toy.c", "v1.h"].map(|name| dir.path().join(name));
        let holds = |path: &&PathBuf| fs::read_to_string(path).unwrap().contains(from);
        let path = edited.iter().find(holds).unwrap();
        let text = fs::read_to_string(path).unwrap();
        fs::write(path, text.replacen(from, to, 1)).unwrap();
        let program = dir.path().join("toy");
        compile(&dir.path().join("toy.c"), &program);
        Self { _dir: dir, program }
    }

    fn name(&self) -> String {
        format!("exec:{}", self.program.display())
    }
}

static TOY: LazyLock<Toy> = LazyLock::new(|| Toy::with("", ""));

fn check(stack: &str) -> Output {
    tcpspec(&["connect", "check", stack, "--wall-limit", "20"])
        .output()
        .unwrap()
}

/// It ends with this code, having climbed so many rungs, and says these words.
#[track_caller]
pub(crate) fn breaks(ended: &Output, code: i32, climbed: usize, words: &[&str]) {
    let told = printed(ended);
    assert_eq!(ended.status.code(), Some(code), "{told}");
    let held = told.lines().filter(|line| line.contains("  ok")).count();
    assert_eq!(held, climbed, "{told}");
    let joined = told.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in words {
        assert!(joined.contains(word), "`{word}` is not in:\n{told}");
    }
}

#[rstest]
#[case::toy(&TOY.name())]
#[case::bundled("bundled")]
#[case::smoltcp("smoltcp")]
fn stack_climbs_the_ladder(#[case] stack: &str) {
    let ready = format!("It is ready for cases: tcpspec run --stack '{stack}'");
    breaks(&check(stack), 0, RUNGS, &[&ready]);
}

#[rstest]
#[case::nowhere(
    "exec:/nowhere/stack",
    4,
    0,
    "No such file",
    "Try the command by itself"
)]
#[case::ends("exec:true", 4, 0, "before it said hello", "Start it by itself")]
#[case::chatters(
    "exec:echo hi",
    1,
    1,
    "`hi` is no hello",
    "Print the hello as one line"
)]
#[case::other_version(
    r#"exec:echo '{"hello":2,"name":"x","clock":"virtual","caps":[]}'"#,
    1,
    2,
    "it speaks version 2",
    "Say `\"hello\":1`"
)]
#[case::silent(
    "control:silent",
    1,
    5,
    "nothing came for 2s; due is SYN+ACK ack=1",
    "SEG.SEQ+1"
)]
#[case::resets(
    "control:resets",
    1,
    5,
    "came `RST+ACK seq=0 ack=1`; due is SYN+ACK",
    "SEG.SEQ+1"
)]
#[case::dies("control:dies", 1, 5, "the stack died", "the last one ended it")]
#[case::floods("control:floods", 1, 5, "more than 1000 packets", "look for a loop")]
fn ladder_stops_where_it_breaks(
    #[case] stack: &str,
    #[case] code: i32,
    #[case] climbed: usize,
    #[case] what: &str,
    #[case] next: &str,
) {
    breaks(&check(stack), code, climbed, &[what, next]);
}

#[rstest]
#[case::agrees(
    "v1_result result = V1_UNSUPPORTED;\n    v1_string",
    "v1_result result = V1_DONE;\n    v1_string",
    3,
    "which no stack has",
    "refuses nonsense"
)]
#[case::remembers(
    "for (struct listener *l; (l = listeners); free(l))",
    "for (struct listener *l; false && (l = listeners); free(l))",
    4,
    "the application's `listen` gives the error `inuse`",
    "Write `listen`"
)]
#[case::declares_less(
    "ipv4 passive-open data",
    "ipv4 data",
    5,
    "its hello declares no `passive-open`, which `listen` needs",
    "Add `passive-open`"
)]
#[case::sums_wrongly(
    "put16(tcp + 16, ~tcp_sum",
    "put16(tcp + 16, tcp_sum",
    5,
    "came a packet with wrong TCP checksum",
    "pseudo header"
)]
#[case::turns_nothing_round(
    "put16(tcp, local);\n    put16(tcp + 2, remote);",
    "put16(tcp, remote);\n    put16(tcp + 2, local);",
    5,
    "no segment from port 80",
    "turned round"
)]
#[case::loses_text(
    "memcpy(c->in + c->in_len, s->text + old, len);",
    "",
    6,
    "`recv` does not give the 12 octets that came",
    "Write `recv`"
)]
#[case::knows_no_end(
    "c->fin_received ? V1_EOF : V1_AGAIN",
    "V1_AGAIN",
    7,
    "after the peer's FIN `recv` does not give `eof`",
    "Write `recv`"
)]
#[case::leaks(
    "            free(c);\n",
    "",
    8,
    "each 200 connections add to what it holds",
    "has to be freed"
)]
#[case::stands_still(
    "v1_time = until > v1_time ? until : v1_time;",
    "v1_time += until > v1_time ? 1 : 0;",
    7,
    "time stopped at +0.000000001",
    "`run` gives the time up to which"
)]
#[case::foretells_wrongly(
    "uint64_t next = is_open && stack->deadline ? stack->deadline() : V1_NEVER;",
    "uint64_t next = V1_NEVER;",
    9,
    "its `next` was null, and a packet left",
    "the earliest deadline"
)]
#[case::draws_freely(
    "uint64_t mixed = world.seed",
    "static uint64_t drawn;\n    uint64_t mixed = (world.seed + drawn++)",
    10,
    "the same seed got other replies",
    "from the seed in `open`"
)]
fn toy_that_is_wrong_stops_there(
    #[case] from: &str,
    #[case] to: &str,
    #[case] climbed: usize,
    #[case] what: &str,
    #[case] next: &str,
) {
    breaks(
        &check(&Toy::with(from, to).name()),
        1,
        climbed,
        &[what, next],
    );
}

/// Types lines into a shell on a stack.
pub(crate) fn typed(stack: &str, dir: &Path, lines: &str) -> String {
    let mut shell = tcpspec(&["connect", "shell", stack]);
    shell
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut running = shell.spawn().unwrap();
    let mut input = running.stdin.take().unwrap();
    input.write_all(lines.as_bytes()).unwrap();
    drop(input);
    let ended = running.wait_with_output().unwrap();
    String::from_utf8(ended.stdout).unwrap()
}

/// A session from a file shows what was typed and what came.
#[test]
fn session_with_the_toy() {
    let lines = "listen\npeer SYN\npeer ACK\naccept\npeer FIN+ACK\nrun 1s\nquit\nnever\n";
    let told = typed(&TOY.name(), &root(), lines);
    let expected = "\
> listen
ok
> peer SYN
+0.000  -> SYN seq=0 win=65535 <mss=1460>
+0.000  <- SYN+ACK seq=0 ack=1 win=65535 <mss=1460>
+0.000     SYN-RECEIVED
> peer ACK
+0.000  -> ACK seq=1 ack=1 win=65535
+0.000     ESTABLISHED
> accept
ok
> peer FIN+ACK
+0.000  -> FIN+ACK seq=1 ack=1 win=65535
+0.000  <- ACK seq=1 ack=2 win=65534
+0.000     CLOSE-WAIT
> run 1s
+1.000
> quit
";
    assert_eq!(told, expected);
}

/// Where one segment under way is enough, the toy does all that it declares.
#[test]
fn toy_is_right_in_what_it_declares() {
    let out = tempfile::tempdir().unwrap();
    let mut run = tcpspec(&[
        "run",
        "handshake/",
        "reset/",
        "rto/",
        "states/",
        "textbook/",
    ]);
    run.args(["--ip", "4", "--stack", &TOY.name(), "--out"]);
    let ended = run.arg(out.path()).output().unwrap();
    let told = printed(&ended);
    assert_eq!(ended.status.code(), Some(0), "{told}");
    let line = told.lines().find(|line| line.starts_with("exec:")).unwrap();
    let executed: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(executed > 600, "{told}");
}

/// What is behind a socket can be no process of ours: what it holds is not asked.
#[test]
fn stack_behind_a_socket_climbs_but_for_its_memory() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("stack");
    let listener = UnixListener::bind(&socket).unwrap();
    let serving = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let input = BufReader::new(stream.try_clone().unwrap());
        serve(&mut Bundled::default(), input, stream)
    });
    let ended = check(&format!("unix:{}", socket.display()));
    serving.join().unwrap().unwrap();
    breaks(
        &ended,
        0,
        RUNGS - 1,
        &["200 rounds are through", "It is ready for cases"],
    );
}
