//! MYSTACK behind line protocol v1 of tcpspec, without any crate.
//!
//!     rustc -O --edition 2021 -o mystack mystack.rs
//!     tcpspec connect check exec:./mystack
//!
//! Your part comes first; the protocol stands below it and is complete.

use std::fmt::Write as _;
use std::io::{self, BufRead, Write as _};

const NAME: &str = "mystack";
const VERSION: &str = "0.1";
/// What works, and no more: passive-open data app-close ...
const CAPS: &[&str] = &["ipv4", "virtual-time"];
/// Times that you keep, in nanoseconds, where they are not those of the RFCs:
/// `"msl":30000000000`.
const PROFILE: &str = "";

/// What a verb gives that cannot be done: again, eof, refused, reset, timeout,
/// closed, inuse, unsupported.
type Outcome<T> = Result<T, &'static str>;

/// Your stack. `tcpspec connect check` says which verb to write next.
///
/// Nothing waits, and time moves by itself nowhere: it is `out.now`, in
/// nanoseconds. Whatever a call or a packet leads to at once is said before it
/// returns: packets by `out.transmit`, changes of state by `out.changed` (if you
/// declare `state` and `state-log`).
#[allow(unused_variables)]
impl Stack {
    /// Opened in this world. It is time 0.
    fn new(world: World) -> Self {
        Self { out: Out::default() }
    }

    fn listen(&mut self, h: &str, port: u16, backlog: u16) -> Outcome<()> {
        Err("unsupported")
    }

    fn connect(&mut self, h: &str, port: u16, to: &str) -> Outcome<()> {
        Err("unsupported")
    }

    fn accept(&mut self, h: &str, new: &str) -> Outcome<()> {
        Err("unsupported")
    }

    /// Gives the number of octets taken.
    fn send(&mut self, h: &str, data: &[u8]) -> Outcome<usize> {
        Err("unsupported")
    }

    /// Gives octets, never none.
    fn recv(&mut self, h: &str, most: usize) -> Outcome<Vec<u8>> {
        Err("unsupported")
    }

    fn shutdown(&mut self, h: &str) -> Outcome<()> {
        Err("unsupported")
    }

    fn close(&mut self, h: &str) -> Outcome<()> {
        Err("unsupported")
    }

    fn abort(&mut self, h: &str) -> Outcome<()> {
        Err("unsupported")
    }

    /// One has arrived, from its IP header on.
    fn packet(&mut self, octets: &[u8]) {}

    /// The earliest of your timers.
    fn deadline(&self) -> Option<u64> {
        None
    }

    /// Does what is due at `out.now`.
    fn timer(&mut self) {}
}

/// What your stack knows.
struct Stack {
    out: Out,
}

// ---- the protocol ----

/// The world that a stack is opened in. `addr` has a prefix: `192.0.2.1/24`.
#[allow(dead_code)]
#[derive(Default)]
struct World {
    addr: String,
    peer: String,
    mtu: u16,
    iss: Option<u32>,
    seed: u64,
}

/// What is said meanwhile: kept as text until the reply.
#[derive(Default)]
struct Out {
    now: u64,
    tx: Vec<String>,
    states: Vec<String>,
}

#[allow(dead_code)]
impl Out {
    /// Emits a packet, from its IP header on.
    fn transmit(&mut self, octets: &[u8]) {
        self.tx.push(format!("[{},\"{}\"]", self.now, hex(octets)));
    }

    /// A connection, by its two ports, is in another state from now on.
    fn changed(&mut self, local: u16, remote: u16, state: &str) {
        let now = self.now;
        self.states.push(format!("[{local},{remote},\"{state}\",{now}]"));
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks_exact(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}

/// A JSON object, as far as requests need it.
struct Object<'a>(&'a str);

impl<'a> Object<'a> {
    /// The text of a field's value: what a string holds, without escapes; numbers
    /// and objects as they stand.
    fn field(&self, name: &str) -> Option<&'a str> {
        let mut rest = self.0.trim_start().strip_prefix('{')?;
        loop {
            let key = rest.find('"')?;
            let (key, after) = rest[key + 1..].split_once('"')?;
            let value = after.trim_start().strip_prefix(':')?.trim_start();
            let len = len_of(value);
            if key == name {
                let value = value[..len].trim_end();
                let inner = value.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
                return Some(inner.unwrap_or(value));
            }
            rest = value[len..].strip_prefix(',')?;
        }
    }

    fn text(&self, name: &str) -> &'a str {
        self.field(name).unwrap_or("")
    }

    fn number(&self, name: &str) -> u64 {
        self.text(name).parse().unwrap_or(0)
    }
}

/// Octets of the value that begins here.
fn len_of(text: &str) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    for (at, octet) in text.bytes().enumerate() {
        match octet {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => depth += 1,
            b',' | b'}' | b']' if depth == 0 => return at,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

impl Stack {
    /// What a call of the application gives, as JSON.
    fn call(&mut self, line: &Object) -> Outcome<String> {
        let (h, port) = (line.text("h"), line.number("port") as u16);
        match line.text("call") {
            "listen" => self.listen(h, port, line.number("backlog") as u16)?,
            "connect" => self.connect(h, port, line.text("to"))?,
            "accept" => self.accept(h, line.text("as"))?,
            "send" if line.field("urgent").is_none() => {
                let taken = self.send(h, &octets(line.text("hex")))?;
                return Ok(taken.to_string());
            }
            "recv" => {
                let data = self.recv(h, line.number("max") as usize)?;
                return Ok(format!("\"{}\"", hex(&data)));
            }
            "shutdown" => self.shutdown(h)?,
            "close" => self.close(h)?,
            "abort" => self.abort(h)?,
            _ => return Err("unsupported"),
        }
        Ok("true".to_owned())
    }

    /// Time goes from deadline to deadline, until `until` or until a packet leaves.
    fn run(&mut self, until: u64, stop: &str) {
        while let Some(at) = self.deadline().filter(|at| *at <= until) {
            self.out.now = self.out.now.max(at);
            self.timer();
            let changed = stop == "change" && !self.out.states.is_empty();
            if stop != "end" && (changed || !self.out.tx.is_empty()) {
                return;
            }
        }
        self.out.now = self.out.now.max(until);
    }

    /// One line in, one line out.
    fn answer(&mut self, line: &Object) -> String {
        let mut ret = String::new();
        if let Some(open) = line.field("open").map(Object) {
            *self = Self::new(World {
                addr: open.text("addr").to_owned(),
                peer: open.text("peer").to_owned(),
                mtu: open.number("mtu") as u16,
                iss: open.field("iss").and_then(|iss| iss.parse().ok()),
                seed: open.number("seed"),
            });
        } else if let Some(packet) = line.field("packet") {
            self.packet(&octets(packet));
        } else if line.field("run").is_some() {
            self.run(line.number("run"), line.text("stop"));
        } else {
            ret = match self.call(line) {
                Ok(done) => format!(",\"ret\":{{\"ok\":{done}}}"),
                Err(error) => format!(",\"ret\":{{\"err\":\"{error}\"}}"),
            };
        }
        let next = self.deadline().map_or("null".to_owned(), |next| next.to_string());
        let (tx, states) = (self.out.tx.join(","), self.out.states.join(","));
        self.out.tx.clear();
        self.out.states.clear();
        let now = self.out.now;
        format!("{{\"now\":{now},\"next\":{next},\"tx\":[{tx}],\"states\":[{states}]{ret}}}")
    }
}

fn main() -> io::Result<()> {
    let (mut out, caps) = (io::stdout().lock(), CAPS.join("\",\""));
    writeln!(
        out,
        "{{\"hello\":1,\"name\":\"{NAME}\",\"version\":\"{VERSION}\",\"clock\":\"virtual\",\
         \"caps\":[\"{caps}\"],\"profile\":{{{PROFILE}}},\"reopen\":true}}"
    )?;
    out.flush()?;
    let mut stack = Stack::new(World::default());
    for line in io::stdin().lock().lines() {
        writeln!(out, "{}", stack.answer(&Object(&line?)))?;
        out.flush()?;
    }
    Ok(())
}
