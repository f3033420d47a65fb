//! Stacks of which nothing but packets is at hand: what the cases find by packets
//! alone is what they find on the same stack when they drive it themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rstest::rstest;
use tcpspec_bundled_adapter::Bundled;
use tcpspec_bundled_adapter::switches::Switches;
use tcpspec_connector::{Call, CallError, Handle, Reply, Ret, Setup, StackUnderTest, Stop};
use tcpspec_packets::Target;

use crate::common::{printed, tcpspec};

const PLACES: &str = "addr=192.0.2.1&peer=192.0.2.2&other=192.0.2.77&parallel=32";

/// Verdicts of the trials that were played, by variant and version of IP.
fn verdicts(out: &Path) -> BTreeMap<String, String> {
    let log = fs::read_to_string(out.join("log.jsonl")).unwrap();
    let lines = log.lines().map(|line| serde_json::from_str(line).unwrap());
    let trials = lines.filter_map(|line: serde_json::Value| {
        let trial = line.get("trial").cloned().unwrap_or(line);
        let verdict = trial.get("verdict")?.as_str()?.to_owned();
        let id = trial.get("id")?;
        let name = format!("{}@{} ip={}", id["case"], id["variant"], id["ip"]);
        Some((name, verdict))
    });
    trials.filter(|(_, verdict)| verdict != "skip").collect()
}

/// Plays these cases over IPv4.
fn play(stack: &str, cases: &[&str], out: &Path) -> BTreeMap<String, String> {
    let mut command = tcpspec(&["run", "--ip", "4", "--stack", stack, "--out"]);
    let output = command.arg(out).args(cases).output().unwrap();
    assert!(
        matches!(output.status.code(), Some(0 | 1)),
        "{}",
        printed(&output)
    );
    verdicts(out)
}

/// What packets show must be what calls show; at least so many cases are played.
fn assert_agrees(target: &str, in_process: &str, cases: &[&str], least: usize) {
    let dir = tempfile::tempdir().unwrap();
    let by_packets = play(target, cases, &dir.path().join("packets"));
    let by_calls = play(in_process, cases, &dir.path().join("calls"));
    assert!(by_packets.len() >= least, "{} played", by_packets.len());
    let differ: Vec<_> = by_packets
        .iter()
        .filter(|(name, verdict)| by_calls.get(*name) != Some(verdict))
        .map(|(name, verdict)| (name, verdict, by_calls.get(name)))
        .collect();
    assert!(differ.is_empty(), "{differ:#?}");
}

/// The bundled stack with a service, behind a socket, in real time.
struct Image {
    stack: Bundled,
    socket: UdpSocket,
    began: Instant,
    service: &'static str,
    open: Vec<Handle>,
    accepted: usize,
}

impl Image {
    /// Runs for as long as the test does; where it is.
    fn start(service: &'static str) -> String {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let place = socket.local_addr().unwrap().to_string();
        socket
            .set_read_timeout(Some(Duration::from_millis(1)))
            .unwrap();
        thread::spawn(move || {
            let mut stack = bundled();
            let setup = Setup {
                stack: "192.0.2.1".parse().unwrap(),
                prefix: 24,
                peer: "192.0.2.2".parse().unwrap(),
                mtu: 1500,
                iss: None,
                seed: 7,
            };
            stack.open(&setup).unwrap();
            let mut image = Self {
                stack,
                socket,
                began: now(),
                service,
                open: Vec::new(),
                accepted: 0,
            };
            image.run();
        });
        place
    }

    fn run(&mut self) {
        let (handle, port, backlog) = (Handle("L".to_owned()), 7, 64);
        let done = self.call(Call::Listen {
            handle,
            port,
            backlog,
        });
        done.unwrap();
        let mut room = [0; 2048];
        loop {
            let came = self.socket.recv_from(&mut room);
            let until = tcpspec_wire::Instant::ZERO + now().duration_since(self.began);
            let passed = self.stack.run(until, Stop::AtEnd).unwrap();
            if let Ok((len, from)) = came {
                self.socket.connect(from).unwrap();
                let reply = self.stack.deliver(&[room[..len].to_vec()]).unwrap();
                self.send(&passed);
                self.send(&reply);
            } else {
                self.send(&passed);
            }
            self.serve();
        }
    }

    fn send(&self, reply: &Reply) {
        for emitted in &reply.tx {
            let _ = self.socket.send(&emitted.octets);
        }
    }

    fn call(&mut self, call: Call) -> Result<Ret, CallError> {
        let reply = self.stack.call(&call).unwrap();
        self.send(&reply);
        reply.ret.unwrap()
    }

    fn serve(&mut self) {
        let new = Handle(format!("C{}", self.accepted));
        let handle = Handle("L".to_owned());
        if self
            .call(Call::Accept {
                handle,
                new: new.clone(),
            })
            .is_ok()
        {
            self.accepted += 1;
            if self.service == "shutdown" {
                let _ = self.call(Call::Shutdown {
                    handle: new.clone(),
                });
            }
            self.open.push(new);
        }
        for handle in std::mem::take(&mut self.open) {
            let read = self.call(Call::Recv {
                handle: handle.clone(),
                max: 65_535,
            });
            match read {
                Ok(_) | Err(CallError::Again) => self.open.push(handle),
                Err(_) => {
                    let _ = self.call(Call::Close { handle });
                }
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the image is in real time")]
fn now() -> Instant {
    Instant::now()
}

fn bundled() -> Bundled {
    Bundled::new(Switches::default().config())
}

/// What is declared of the bundled stack where only its packets are at hand.
fn declared(place: &str, service: &str) -> String {
    let stack = bundled();
    let hello = stack.hello();
    let fits = |cap: &str| {
        let text = format!("udp:{place}?{PLACES}&caps={cap}");
        text.parse::<Target>().is_ok()
    };
    let caps: BTreeSet<&str> = hello.capabilities.iter().map(|cap| cap.name()).collect();
    let caps: Vec<&str> = caps.into_iter().filter(|cap| fits(cap)).collect();
    let profile = &hello.profile;
    let times = [
        ("msl", profile.msl),
        ("rto-initial", profile.rto_initial),
        ("rto-min", profile.rto_min),
        ("rto-max", profile.rto_max),
        ("ack-delay", profile.ack_delay),
        ("late", Duration::from_millis(100)),
        ("tick", Duration::from_millis(50)),
        ("clock-error", Duration::from_millis(20)),
    ];
    let times = times.map(|(key, time)| format!("{key}={}ms", time.as_millis()));
    format!(
        "udp:{place}?{PLACES}&service={service}:7&caps={}&{}",
        caps.join(","),
        times.join("&")
    )
}

#[rstest]
#[case::discard("discard", &["reset/", "options/", "states/established", "states/listen"], 40)]
#[case::shutdown("shutdown", &["states/fin-wait-2", "states/closing"], 40)]
fn the_bundled_stack_behind_datagrams_is_what_it_is_in_process(
    #[case] service: &'static str,
    #[case] cases: &[&str],
    #[case] least: usize,
) {
    let place = Image::start(service);
    assert_agrees(&declared(&place, service), "bundled", cases, least);
}

#[rstest]
#[case::nobody(
    "udp:127.0.0.1:9?addr=192.0.2.1&peer=192.0.2.2&service=echo:7",
    "192.0.2.1 says nothing"
)]
#[case::no_device(
    "tap:nobody0?addr=192.0.2.1&peer=192.0.2.2",
    "there is no interface `nobody0`"
)]
fn a_stack_that_is_not_there_is_said_once(#[case] target: &str, #[case] said: &str) {
    let dir = tempfile::tempdir().unwrap();
    let mut command = tcpspec(&["run", "handshake/three-way", "--stack", target, "--out"]);
    let output = command.arg(dir.path()).output().unwrap();
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(4), "{text}");
    assert!(text.contains(said) || text.contains("refused"), "{text}");
}

#[rstest]
#[case::known("port = 7", "there is no `port` to declare")]
#[case::verb(
    "caps = [\"ts\", \"data\"]",
    "`data` is nothing that a stack does on the wire"
)]
fn what_a_configuration_declares_is_checked_in_its_place(#[case] line: &str, #[case] said: &str) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tcpspec.toml");
    let text = format!(
        "[stacks.board]\nstack = \"tun:tun0\"\n[stacks.board.declare]\n\
         addr = [\"192.0.2.1\", \"2001:db8::1\"]\npeer = \"192.0.2.2\"\n{line}\n"
    );
    fs::write(&file, text).unwrap();
    let mut command = tcpspec(&["list", "--config"]);
    let output = command.arg(&file).output().unwrap();
    let text = printed(&output);
    assert!(!output.status.success(), "{text}");
    assert!(
        text.contains("tcpspec.toml:2:9") && text.contains(said),
        "{text}"
    );
}

/// Set in the copy of a test that runs inside a network namespace.
const INSIDE: &str = "TCPSPEC_TEST_INSIDE";

#[rstest]
#[case::tap("tap", "the_kernel_behind_a_device_is_what_it_is_on_lanes::case_1_tap")]
#[case::tun("tun", "the_kernel_behind_a_device_is_what_it_is_on_lanes::case_2_tun")]
fn the_kernel_behind_a_device_is_what_it_is_on_lanes(#[case] mode: &str, #[case] name: &str) {
    if std::env::var_os(INSIDE).is_some() {
        return inside(mode);
    }
    let possible = Command::new("unshare")
        .args([
            "--net", "ip", "tuntap", "add", "dev", "probe0", "mode", mode,
        ])
        .output();
    if !possible.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no network namespace with a {mode} device can be made here");
        return;
    }
    let output = Command::new("unshare")
        .arg("--net")
        .arg(std::env::current_exe().unwrap())
        .args([&format!("packets::{name}"), "--exact", "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let text = printed(&output);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("1 passed"), "{text}");
}

/// In a namespace of our own: a device, the kernel at its other end, and a service.
fn inside(mode: &str) {
    for words in [
        format!("tuntap add dev dev0 mode {mode}"),
        "addr add 192.0.2.1/24 dev dev0".to_owned(),
        "link set dev0 up".to_owned(),
    ] {
        let done = Command::new("ip").args(words.split(' ')).status();
        assert!(done.unwrap().success(), "ip {words}");
    }
    thread::spawn(discard);
    let target = format!(
        "{mode}:dev0?{PLACES}&service=discard:7&caps=rfc5961-rst,rfc5961-syn,rfc5961-ack,\
         ts,sack,dsack,ws,ecn,delayed-ack,nagle,reassembly,path-mtu&rto-initial=1s&rto-min=200ms\
         &rto-max=120s&msl=30s&r2-syn-ack=63s&late=100ms&tick=50ms"
    );
    let cases = ["reset/", "options/", "states/established", "states/listen"];
    assert_agrees(&target, "linux", &cases, 40);
}

/// The service: it reads until its peer is done.
fn discard() {
    // The device carries no packet before the address is there.
    let listener = TcpListener::bind("192.0.2.1:7").unwrap();
    for connection in listener.incoming() {
        thread::spawn(move || {
            let mut connection = connection.unwrap();
            let mut room = [0; 4096];
            while connection.read(&mut room).is_ok_and(|len| len > 0) {}
        });
    }
}
