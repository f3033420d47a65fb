//! Connectors to begin with: written, built and tried, in each language that is
//! installed.

use std::fs;
use std::path::Path;
use std::process::Command;

use rstest::rstest;

use crate::common::{printed, root, tcpspec};
use crate::connect::{breaks, compile, typed};

/// The command that starts a tool, if it is installed.
fn tool(name: &str) -> Option<Vec<&'static str>> {
    let ways: &[&[&str]] = match name {
        "rust" => &[&["rustc"]],
        "c" => &[&["cc"]],
        "python" => &[&["python3"]],
        "go" => &[&["go"]],
        _ => &[&["zig"], &["python3", "-m", "ziglang"]],
    };
    let version = match name {
        "go" | "zig" => "version",
        _ => "--version",
    };
    let works = |way: &&&[&str]| {
        let mut command = Command::new(way[0]);
        let ended = command.args(&way[1..]).arg(version).output();
        ended.is_ok_and(|ended| ended.status.success())
    };
    ways.iter().find(works).map(|way| way.to_vec())
}

/// Builds what `connect init` has written, by the line that it prints; gives the
/// command that it prints to start it.
fn build(told: &str, tool: &[&str], dir: &Path) -> String {
    let line = |with: &str| told.lines().find(|line| line.trim().starts_with(with));
    if let Some(line) = ["rustc ", "cc ", "go ", "zig "]
        .iter()
        .find_map(|with| line(with))
    {
        let words = line.split_whitespace().skip(1);
        let mut command = Command::new(tool[0]);
        command.args(&tool[1..]).args(words).current_dir(dir);
        // Caches in places of their own, whoever runs this.
        command
            .env("GOCACHE", dir.join("cache"))
            .env("GO111MODULE", "off");
        let built = command.output().unwrap();
        assert!(built.status.success(), "{}", printed(&built));
    }
    let check = line("tcpspec connect check ").unwrap();
    check.split('\'').nth(1).unwrap().to_owned()
}

/// What each language's empty verbs are made to do: `listen` succeeds, `send` takes
/// everything, `recv` gives two octets, packets go back as they come, and a second
/// after the beginning a timer tells of a state and sends four octets.
const EDITS: [(&str, &[(&str, &str)]); 5] = [
    (
        "rust",
        &[
            (
                "backlog: u16) -> Outcome<()> {\n        Err(\"unsupported\")",
                "backlog: u16) -> Outcome<()> {\n        Ok(())",
            ),
            (
                "-> Outcome<usize> {\n        Err(\"unsupported\")",
                "-> Outcome<usize> {\n        Ok(data.len())",
            ),
            (
                "-> Outcome<Vec<u8>> {\n        Err(\"unsupported\")",
                "-> Outcome<Vec<u8>> {\n        Ok(b\"hi\".to_vec())",
            ),
            (
                "octets: &[u8]) {}",
                "octets: &[u8]) { self.out.transmit(octets) }",
            ),
            (
                "        None\n",
                "        (self.out.now < 1_000_000_000).then_some(1_000_000_000)\n",
            ),
            (
                "fn timer(&mut self) {}",
                "fn timer(&mut self) { self.out.changed(80, 40000, \"CLOSED\"); self.out.transmit(&[1, 2, 3, 4]) }",
            ),
        ],
    ),
    (
        "c",
        &[
            (
                "(void)h, (void)port, (void)backlog;\n    return V1_UNSUPPORTED;",
                "(void)h, (void)port, (void)backlog;\n    return V1_DONE;",
            ),
            (
                "(void)taken;\n    return V1_UNSUPPORTED;",
                "*taken = len;\n    return V1_DONE;",
            ),
            (
                "(void)data, (void)max, (void)given;\n    return V1_UNSUPPORTED;",
                "(void)max, memcpy(data, \"hi\", *given = 2);\n    return V1_DONE;",
            ),
            ("(void)packet, (void)len;", "v1_transmit(packet, len);"),
            (
                "return V1_NEVER;",
                "return v1_now() < 1000000000 ? 1000000000 : V1_NEVER;",
            ),
            (
                "{\n    /* do what is due at `v1_now()` */",
                "{\n    v1_changed(80, 40000, \"CLOSED\");\n    v1_transmit((const uint8_t[]){1, 2, 3, 4}, 4);",
            ),
        ],
    ),
    (
        "python",
        &[
            (
                "def listen(self, h, port, backlog):\n        raise Refused(\"unsupported\")",
                "def listen(self, h, port, backlog):\n        pass",
            ),
            (
                "taken.\"\"\"\n        raise Refused(\"unsupported\")",
                "taken.\"\"\"\n        return len(data)",
            ),
            (
                "never none.\"\"\"\n        raise Refused(\"unsupported\")",
                "never none.\"\"\"\n        return b\"hi\"",
            ),
            (
                "\"\"\"One has arrived, from its IP header on.\"\"\"",
                "self.transmit(octets)",
            ),
            (
                "return None",
                "return 1000000000 if self.now < 1000000000 else None",
            ),
            (
                "\"\"\"Do what is due at `self.now`.\"\"\"",
                "self.changed(80, 40000, \"CLOSED\")\n        self.transmit(bytes([1, 2, 3, 4]))",
            ),
        ],
    ),
    (
        "go",
        &[
            (
                "backlog int) error { return errUnsupported }",
                "backlog int) error { return nil }",
            ),
            (
                "(int, error) { return 0, errUnsupported }",
                "(int, error) { return len(data), nil }",
            ),
            (
                "([]byte, error) { return nil, errUnsupported }",
                "([]byte, error) { return []byte(\"hi\"), nil }",
            ),
            (
                "packet(octets []byte) {}",
                "packet(octets []byte) { s.transmit(octets) }",
            ),
            (
                "deadline() *uint64 { return nil }",
                "deadline() *uint64 {\n\tat := uint64(1000000000)\n\tif s.now < at {\n\t\treturn &at\n\t}\n\treturn nil\n}",
            ),
            (
                "timer() {}",
                "timer() { s.changed(80, 40000, \"CLOSED\"); s.transmit([]byte{1, 2, 3, 4}) }",
            ),
        ],
    ),
    (
        "zig",
        &[
            ("return error.unsupported; // name, port, backlog", ""),
            (
                "fn send(_: *Stack, _: []const u8, _: []const u8)",
                "fn send(_: *Stack, _: []const u8, data: []const u8)",
            ),
            (
                "return error.unsupported; // name, octets\n",
                "return data.len;\n",
            ),
            (
                "return error.unsupported; // name, octets at most",
                "return \"hi\";",
            ),
            (
                "fn packet(_: *Stack, _: []const u8) void {}",
                "fn packet(_: *Stack, octets: []const u8) void {\n        transmit(octets);\n    }",
            ),
            (
                "return null;",
                "return if (now < 1000000000) 1000000000 else null;",
            ),
            (
                "fn timer(_: *Stack) void {}",
                "fn timer(_: *Stack) void {\n        changed(80, 40000, \"CLOSED\");\n        transmit(&.{ 1, 2, 3, 4 });\n    }",
            ),
        ],
    ),
];

/// What the protocol in each template does with verbs that do something.
const SESSION: &str = "\
> listen
ok
> send hello
5 octets taken
> recv
2 octets: hi
> peer SYN
+0.000  -> SYN seq=0 win=65535 <mss=1460>
+0.000  <- SYN seq=0 win=65535 <mss=1460>
> run 3s
+1.000  <- 4 octets: IP version 0
+1.000     CLOSED
+3.000
> abort
error: unsupported
";

/// A connector that `connect init` has written, with edits.
fn written(language: &str, dir: &Path, edits: &[(&str, &str)]) -> String {
    let mut init = tcpspec(&["connect", "init", "--lang", language]);
    let ended = init.arg(dir).output().unwrap();
    let told = printed(&ended);
    assert_eq!(ended.status.code(), Some(0), "{told}");
    let path = Path::new(told.lines().next().unwrap());
    let mut text = fs::read_to_string(path).unwrap();
    for (from, to) in edits {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    fs::write(path, text).unwrap();
    told
}

/// Each stops where its author has to write something, and is told what; with verbs
/// that do something, all do the same.
#[rstest]
fn template_climbs_to_the_first_verb(#[values("rust", "c", "python", "go", "zig")] language: &str) {
    let Some(tool) = tool(language) else {
        println!("skipped: no {language}");
        return;
    };
    let (_, edits) = EDITS.iter().find(|(name, _)| *name == language).unwrap();
    let (empty, edited) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let stack = build(&written(language, empty.path(), &[]), &tool, empty.path());
    let mut check = tcpspec(&["connect", "check", &stack]);
    let ended = check.current_dir(empty.path()).output().unwrap();
    let words = [
        "its hello declares no `passive-open`, which `listen` needs",
        "Next Write `listen`",
        "Add `passive-open`",
    ];
    breaks(&ended, 1, 5, &words);
    let stack = build(
        &written(language, edited.path(), edits),
        &tool,
        edited.path(),
    );
    let commands = SESSION.lines().filter_map(|line| line.strip_prefix("> "));
    let commands: String = commands.map(|line| format!("{line}\n")).collect();
    assert_eq!(typed(&stack, edited.path(), &commands), SESSION);
}

/// The page for newcomers shows what the ladder prints of the template in C.
#[test]
fn page_shows_what_the_ladder_prints() {
    let page = fs::read_to_string(root().join("stacks/CONNECT.md")).unwrap();
    let picture = page.split("```text\n").nth(1).unwrap();
    let picture = picture.split("```").next().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap();
    tcpspec(&["connect", "init", "--lang", "c", path])
        .output()
        .unwrap();
    compile(&dir.path().join("mystack.c"), &dir.path().join("mystack"));
    let mut check = tcpspec(&["connect", "check", "exec:./mystack"]);
    let ended = check.current_dir(dir.path()).output().unwrap();
    assert_eq!(picture, String::from_utf8(ended.stdout).unwrap());
}

#[test]
fn init_overwrites_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap();
    fs::write(dir.path().join("tcpspec.toml"), "# mine\n").unwrap();
    let ended = tcpspec(&["connect", "init", "--lang", "c", path])
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(2));
    let told = printed(&ended);
    assert!(
        told.contains("tcpspec.toml is there already, and nothing was written"),
        "{told}"
    );
    let names = fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(names, 1);
}

/// The configuration that is written is one.
#[test]
fn init_writes_a_configuration() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap();
    tcpspec(&["connect", "init", "--lang", "python", path])
        .output()
        .unwrap();
    let cases = root().join("cases");
    let run = [
        "run",
        "handshake/three-way",
        "--ip",
        "4",
        "--cases",
        cases.to_str().unwrap(),
    ];
    let ended = tcpspec(&run).current_dir(dir.path()).output().unwrap();
    let told = printed(&ended);
    assert_eq!(ended.status.code(), Some(4), "{told}");
    let joined = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        joined.contains("the stack does not declare data, passive-open"),
        "{told}"
    );
}
