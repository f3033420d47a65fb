//! Names of stacks, and how to make one.

mod line;
mod packets;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use tcpspec_bundled_adapter::Bundled;
use tcpspec_bundled_adapter::switches::{Switches, UnknownSwitch};
use tcpspec_connector::control::{Control, ControlStack};
use tcpspec_connector::{
    Call, Clock, Hello, Profile, Reply, Setup, StackError, StackUnderTest, Stop,
};
use tcpspec_linux::{LinuxStack, Options, Settings, UnknownOption, sandbox};
use tcpspec_packets::{BadTarget, Target};
use tcpspec_protocol::address::BadAddress;
use tcpspec_protocol::{Address, Client, Greeting};
use tcpspec_record::{StackInfo, Transcript};
use tcpspec_smoltcp::Smoltcp;
use tcpspec_wire::Instant;

use crate::bug;
pub(crate) use line::{Terms, lwip};

/// A stack as `--stack` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StackName {
    Bundled(Switches),
    Smoltcp,
    /// The C stack that `make lwip` builds, in another process.
    Lwip,
    Linux(Options),
    Control(Control),
    /// In another process.
    Line(Address),
    /// Nothing but its packets is at hand.
    Packets(Box<Target>),
}

impl StackName {
    /// What is asked of the kernel; nothing of another stack.
    pub(crate) fn options(&self) -> Options {
        match self {
            Self::Linux(options) => *options,
            _ => Options::default(),
        }
    }

    /// The files that its command names: its program, a script.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let Self::Line(address) = self else {
            return Vec::new();
        };
        let words = address.command().unwrap_or_default().into_iter();
        words
            .map(PathBuf::from)
            .filter(|path| path.is_file())
            .collect()
    }

    /// The stack without its options: `linux` of `linux:no-sack`.
    pub(crate) fn family(&self) -> String {
        match self {
            Self::Bundled(_) => Self::Bundled(Switches::default()).to_string(),
            Self::Linux(_) => Self::Linux(Options::default()).to_string(),
            Self::Smoltcp | Self::Lwip | Self::Control(_) | Self::Line(_) => self.to_string(),
            Self::Packets(target) => target.place().to_owned(),
        }
    }
}

/// The stack without its options, of a name as a log says it.
pub(crate) fn family_of(name: &str) -> String {
    let known: Result<StackName, String> = name.parse();
    let before = || name.split(':').next().unwrap_or(name).to_owned();
    known.map_or_else(|_| before(), |name| name.family())
}

impl fmt::Display for StackName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bundled(switches) if *switches == Switches::default() => f.write_str("bundled"),
            Self::Bundled(switches) => write!(f, "bundled:{switches}"),
            Self::Smoltcp => f.write_str("smoltcp"),
            Self::Lwip => f.write_str("lwip"),
            Self::Linux(options) if *options == Options::default() => f.write_str("linux"),
            Self::Linux(options) => write!(f, "linux:{options}"),
            Self::Control(control) => {
                let name = Control::ALL.iter().find(|(known, _)| known == control);
                write!(f, "control:{}", name.map_or("", |(_, name)| name))
            }
            Self::Line(address) => address.fmt(f),
            Self::Packets(target) => target.fmt(f),
        }
    }
}

impl FromStr for StackName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(switches) = text.strip_prefix("bundled:") {
            let switches = switches.parse();
            return switches
                .map(Self::Bundled)
                .map_err(|error: UnknownSwitch| error.to_string());
        }
        if let Some(options) = text.strip_prefix("linux:") {
            let options = options.parse();
            return options
                .map(Self::Linux)
                .map_err(|error: UnknownOption| error.to_string());
        }
        if Address::KINDS.iter().any(|kind| text.starts_with(kind)) {
            let address = text.parse();
            return address
                .map(Self::Line)
                .map_err(|error: BadAddress| error.to_string());
        }
        if Target::KINDS.iter().any(|kind| text.starts_with(kind)) {
            let target = text.parse().map(Box::new);
            return target
                .map(Self::Packets)
                .map_err(|error: BadTarget| error.to_string());
        }
        match (text, text.strip_prefix("control:").and_then(Control::named)) {
            ("bundled", _) => Ok(Self::Bundled(Switches::default())),
            ("smoltcp", _) => Ok(Self::Smoltcp),
            ("lwip", _) => Ok(Self::Lwip),
            ("linux", _) => Ok(Self::Linux(Options::default())),
            (_, Some(control)) => Ok(Self::Control(control)),
            _ => {
                let controls = Control::ALL.map(|(_, name)| format!("control:{name}"));
                Err(format!(
                    "no such stack; there are bundled, smoltcp, lwip, linux, exec:CMD, unix:PATH, tcp:HOST:PORT, tun:NAME, tap:NAME, udp:HOST:PORT, {}",
                    controls.join(", ")
                ))
            }
        }
    }
}

/// The stack whose baseline speaks of this one: without its options, and in
/// another process the one that it says it is.
pub(crate) fn family(stack: &StackInfo) -> String {
    let declared = stack.declared.get("name").and_then(|name| name.as_str());
    match declared.filter(|_| is_line(&stack.name)) {
        Some(name) => name.to_owned(),
        None => family_of(&stack.name),
    }
}

/// Whether a stack of this name is in another process.
pub(crate) fn is_line(name: &str) -> bool {
    name.parse::<Address>().is_ok()
}

/// A stack that takes part in a run.
#[derive(Clone, Debug)]
pub(crate) struct Participant {
    pub(crate) name: StackName,
    pub(crate) hello: Arc<Hello>,
    /// What it has said of itself, if it is in another process.
    pub(crate) greeting: Option<Arc<Greeting>>,
    /// What its connector does that is not honest, in words.
    pub(crate) remarks: Vec<String>,
    /// Why none of its trials can run; empty if they can.
    pub(crate) unavailable: String,
}

impl Participant {
    /// Finds out what the stack is, and whether this machine lets it run.
    ///
    /// Call it before any thread starts: the kernel target may have to move
    /// the process into a user namespace.
    pub(crate) fn enlist(name: StackName, terms: Terms) -> Self {
        let (hello, unavailable) = match &name {
            StackName::Bundled(switches) => (bundled(*switches).hello().clone(), String::new()),
            StackName::Smoltcp => (Smoltcp::new().hello().clone(), String::new()),
            StackName::Control(control) => {
                (ControlStack::new(*control).hello().clone(), String::new())
            }
            StackName::Linux(options) => {
                // The rights first: with them the kernel tells more of itself.
                let unavailable = linux_unavailable(*options);
                (linux(*options).hello().clone(), unavailable)
            }
            StackName::Lwip => return line::enlist_lwip(terms),
            StackName::Line(address) => return line::enlist(name.clone(), address.clone(), terms),
            StackName::Packets(target) => return packets::enlist(target),
        };
        Self {
            name,
            hello: Arc::new(hello),
            greeting: None,
            remarks: Vec::new(),
            unavailable,
        }
    }

    /// Makes a stack of its kind that a plain loop can drive; `None` for the
    /// kernel, which is driven on lanes.
    pub(crate) fn stack(&self) -> Option<Driven> {
        driven(&self.name, self.greeting.as_ref())
    }

    /// The stack as a log describes it.
    pub(crate) fn info(&self) -> StackInfo {
        let hello = &self.hello;
        StackInfo {
            name: self.name.to_string(),
            version: hello.version.clone(),
            clock: match hello.clock {
                Clock::Virtual => "virtual".to_owned(),
                Clock::Real => "real".to_owned(),
            },
            capabilities: hello.capabilities.iter().map(ToString::to_string).collect(),
            profile: profile(hello),
            unavailable: self.unavailable.clone(),
            declared: serde_json::to_value(&**hello).unwrap_or_default(),
        }
    }
}

/// The times it declares to keep, and what else it says of itself.
fn profile(hello: &Hello) -> Vec<(String, String)> {
    let profile = &hello.profile;
    let late = profile.lateness;
    let lateness = format!(
        "{} % and {:?}",
        f64::from(late.per_mille) / 10.0,
        late.constant
    );
    [
        ("MSL", format!("{:?}", profile.msl)),
        ("RTO, first", format!("{:?}", profile.rto_initial)),
        ("RTO, least", format!("{:?}", profile.rto_min)),
        ("RTO, largest", format!("{:?}", profile.rto_max)),
        ("ACK delay, longest", format!("{:?}", profile.ack_delay)),
        ("R1", format!("{} repeats", profile.r1)),
        ("R2, SYN", format!("{:?}", profile.r2_syn)),
        ("R2, SYN,ACK", format!("{:?}", profile.r2_syn_ack)),
        ("R2, text", format!("{:?}", profile.r2_data)),
        ("window probe, first", format!("{:?}", profile.persist_min)),
        ("window probes, apart", format!("{:?}", profile.persist_max)),
        ("keep-alive", keepalive(profile)),
        ("FIN-WAIT-2, orphan", format!("{:?}", profile.fin_wait_2)),
        ("timers late by at most", lateness),
        ("clock error", format!("{:?}", profile.clock_error)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into_iter()
    .chain(hello.details.iter().cloned())
    .collect()
}

fn keepalive(profile: &Profile) -> String {
    let (idle, interval) = (profile.keepalive_idle, profile.keepalive_interval);
    let probes = profile.keepalive_probes;
    format!("after {idle:?}, {probes} probes {interval:?} apart")
}

fn bundled(switches: Switches) -> Bundled {
    Bundled::new(switches.config())
}

/// The kernel under test.
pub(crate) fn linux(options: Options) -> LinuxStack {
    LinuxStack::new(settings(options))
}

fn settings(options: Options) -> Settings {
    Settings {
        options,
        ..Settings::from_env()
    }
}

/// Why the kernel cannot be tested here, in one line that ends in what to do;
/// empty if it can.
fn linux_unavailable(options: Options) -> String {
    if let Err(error) = sandbox::enter() {
        return format!("{error}; {}", error.fix());
    }
    let checks = sandbox::probe(&settings(options));
    let missing = checks.into_iter().find(|check| !check.ok);
    missing.map_or_else(String::new, |check| {
        let fix = check.fix.unwrap_or_default();
        format!("{}: {}; {fix}", check.name, check.detail)
    })
}

/// A stack that a plain loop drives.
pub(crate) enum Driven {
    Ours(Guarded),
    Line(Box<Client>),
    Kernel(Box<LinuxStack>),
}

impl Driven {
    pub(crate) fn as_stack(&mut self) -> &mut dyn StackUnderTest {
        match self {
            Self::Ours(stack) => stack,
            Self::Line(client) => client.as_mut(),
            Self::Kernel(stack) => stack.as_mut(),
        }
    }

    /// What was said in the last trial, if it is in another process.
    pub(crate) fn transcript(&mut self) -> Option<Transcript> {
        let Self::Line(client) = self else {
            return None;
        };
        let said = client.transcript();
        Some(Transcript {
            left_out: said.left_out,
            lines: said.lines.into(),
            stderr: said.stderr,
        })
    }

    /// Whether it can be used after it has died once: another process takes its
    /// place.
    pub(crate) const fn revives(&self) -> bool {
        matches!(self, Self::Line(_))
    }
}

/// Makes a stack; `None` for the kernel, and for one that has not said hello.
pub(crate) fn driven(name: &StackName, greeting: Option<&Arc<Greeting>>) -> Option<Driven> {
    let guarded = |stack: Box<dyn StackUnderTest>| Some(Driven::Ours(Guarded(stack)));
    match name {
        StackName::Bundled(switches) => guarded(Box::new(bundled(*switches))),
        StackName::Smoltcp => guarded(Box::new(Smoltcp::new())),
        StackName::Control(control) => guarded(Box::new(ControlStack::new(*control))),
        StackName::Packets(target) => guarded(packets::made(target)),
        StackName::Linux(_) => None,
        StackName::Lwip | StackName::Line(_) => {
            let client = Client::of(Arc::clone(greeting?));
            Some(Driven::Line(Box::new(client)))
        }
    }
}

/// A stack in this process whose panics are its own death and not ours.
pub(crate) struct Guarded(Box<dyn StackUnderTest>);

impl Guarded {
    fn guard(
        &mut self,
        code: impl FnOnce(&mut dyn StackUnderTest) -> Result<Reply, StackError>,
    ) -> Result<Reply, StackError> {
        bug::inside_stack(|| code(self.0.as_mut()))
            .unwrap_or_else(|panic| Err(StackError::Died(panic)))
    }
}

impl StackUnderTest for Guarded {
    fn hello(&self) -> &Hello {
        self.0.hello()
    }

    fn open(&mut self, setup: &Setup) -> Result<Reply, StackError> {
        self.guard(|stack| stack.open(setup))
    }

    fn call(&mut self, call: &Call) -> Result<Reply, StackError> {
        self.guard(|stack| stack.call(call))
    }

    fn deliver(&mut self, packets: &[Vec<u8>]) -> Result<Reply, StackError> {
        self.guard(|stack| stack.deliver(packets))
    }

    fn run(&mut self, until: Instant, stop: Stop) -> Result<Reply, StackError> {
        self.guard(|stack| stack.run(until, stop))
    }

    fn leap(&mut self, to: Instant) -> Result<Reply, StackError> {
        self.guard(|stack| stack.leap(to))
    }
}
