//! Fault profiles laid over cases: what has to hold of each, on the bundled stack.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rstest::rstest;
use tcpspec_bundled::Config;
use tcpspec_bundled_adapter::Bundled;
use tcpspec_casefile::{Suite, Variant, load, load_profile};
use tcpspec_connector::{Call, Clock, Hello, Reply, Setup, StackError, StackUnderTest, Stop};
use tcpspec_engine::faults::is_opened_by_stack;
use tcpspec_engine::{Faults, Plan, drive, drive_on_link};
use tcpspec_link::{Kind, Outage, Profile};
use tcpspec_record::{IpVersion, Isn, Level, Trial, TrialId, Verdict};
use tcpspec_wire::{Body, Flags, Instant, Packet};

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases")
}

fn suite() -> Suite {
    load(&cases()).unwrap()
}

fn profile(name: &str) -> Profile {
    load_profile(&cases().join("faults").join(name).with_extension("yaml")).unwrap()
}

/// All profiles in the order of their names.
fn profiles() -> Vec<Profile> {
    let files = fs::read_dir(cases().join("faults")).unwrap();
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths
        .iter()
        .map(|path| load_profile(path).unwrap())
        .collect()
}

/// The variants that say which faults they tolerate.
fn tolerant(suite: &Suite) -> Vec<Arc<Variant>> {
    let tolerant = suite
        .variants()
        .filter(|variant| !variant.tolerates.is_empty());
    tolerant.cloned().map(Arc::new).collect()
}

fn plan(variant: &Arc<Variant>, faults: Option<&Profile>, seed: u64) -> Plan {
    let id = TrialId {
        case: variant.case.clone(),
        variant: variant.name.clone(),
        stack: "bundled".to_owned(),
        ip: IpVersion::V4,
        isn: Isn::Random,
        faults: faults.map_or_else(String::new, |profile| profile.name.clone()),
        seed,
    };
    Plan {
        id,
        variant: Arc::clone(variant),
        hello: Arc::new(Bundled::default().hello().clone()),
        faults: faults.map(|profile| Arc::new(Faults::drawn(profile.clone()))),
        even_late: None,
    }
}

/// Plays these variants under a profile, where they tolerate it.
fn play<'v>(
    variants: &'v [Arc<Variant>],
    profile: &'v Profile,
    seeds: std::ops::Range<u64>,
) -> impl Iterator<Item = Trial> + 'v {
    let mut stack = Bundled::default();
    let plans = variants.iter().flat_map(move |variant| {
        let seeds = seeds.clone();
        seeds.map(move |seed| plan(variant, Some(profile), seed))
    });
    let plans = plans.filter(|plan| plan.skip_reason().is_none());
    plans.map(move |plan| drive(plan, &mut stack))
}

#[test]
fn perfect_link_changes_nothing() {
    let (suite, perfect) = (suite(), profile("perfect"));
    let variants = tolerant(&suite);
    assert!(variants.len() > 50, "{}", variants.len());
    for variant in &variants {
        let plan = plan(variant, None, 1);
        if plan.skip_reason().is_some() {
            continue;
        }
        let plain = drive(plan, &mut Bundled::default());
        for mut laid in play(std::slice::from_ref(variant), &perfect, 1..2) {
            assert!(
                laid.link
                    .keys()
                    .all(|word| word == "sent" || word == "arrived")
            );
            laid.id.faults.clear();
            laid.link.clear();
            assert_eq!(laid, plain, "{}", variant.id());
        }
    }
}

#[test]
fn same_seed_is_the_same_trial_and_another_one_is_another() {
    let (suite, faults) = (suite(), profile("everything"));
    let variants = tolerant(&suite);
    let all = |seed: u64| -> Vec<Trial> { play(&variants, &faults, seed..seed + 1).collect() };
    let (first, again, mut other) = (all(1), all(1), all(2));
    assert_eq!(first, again);
    for trial in &mut other {
        trial.id.seed = 1;
    }
    let same = first.iter().zip(&other).filter(|(one, other)| one == other);
    let same = same.count();
    assert!(
        same * 4 < first.len(),
        "{same} of {} are alike",
        first.len()
    );
}

#[test]
fn nothing_is_lost_and_nothing_gets_stuck_under_any_profile() {
    let suite = suite();
    let variants = tolerant(&suite);
    for profile in profiles() {
        let mut tally: BTreeMap<String, u64> = BTreeMap::new();
        for trial in play(&variants, &profile, 1..4) {
            let (id, seed) = (trial.id.variant_id(), trial.id.seed);
            let name = &profile.name;
            assert_eq!(
                trial.verdict,
                Verdict::Pass,
                "{id} {name} {seed}: {}",
                trial.reason
            );
            for (word, count) in trial.link {
                *tally.entry(word).or_default() += count;
            }
        }
        for (word, kind) in [
            ("dup", Kind::Dup),
            ("reorder", Kind::Reorder),
            ("corrupt", Kind::Corrupt),
            ("too-large", Kind::Mtu),
        ] {
            // Nothing that a case sends is larger than the widest narrow path.
            let shows =
                profile.kinds().contains(&kind) && (kind != Kind::Mtu || profile.name == "mtu-576");
            let happened = tally.get(word).copied().unwrap_or(0) > 0;
            assert!(
                happened || !shows,
                "{word} under {}: {tally:?}",
                profile.name
            );
        }
    }
}

#[test]
fn what_was_drawn_can_be_played_again() {
    let (suite, faults) = (suite(), profile("everything"));
    for variant in tolerant(&suite).iter().take(40) {
        let drawn = plan(variant, Some(&faults), 7);
        if drawn.skip_reason().is_some() {
            continue;
        }
        let mut again = drawn.clone();
        let (trial, happened) = drive_on_link(drawn, &mut Bundled::default());
        again.faults = Some(Arc::new(Faults {
            profile: faults.clone(),
            schedule: Some(happened),
        }));
        let replayed = drive(again, &mut Bundled::default());
        assert_eq!(replayed.trace, trial.trace, "{}", variant.id());
    }
}

/// A link with a bug of its own: from one segment with text it takes the first
/// octet, and nobody can tell by length or checksum.
struct Leaky {
    stack: Bundled,
    has_leaked: bool,
}

impl Leaky {
    fn leak(&mut self, octets: &[u8]) -> Vec<u8> {
        let mut packet = Packet::decode(octets).unwrap().packet;
        if let Body::Tcp(segment) = &mut packet.body
            && segment.payload.len() > 1
            && !segment.flags.contains(Flags::SYN)
            && !self.has_leaked
        {
            segment.payload.remove(0);
            self.has_leaked = true;
        }
        packet.encode()
    }
}

impl StackUnderTest for Leaky {
    fn hello(&self) -> &Hello {
        self.stack.hello()
    }

    fn open(&mut self, setup: &Setup) -> Result<Reply, StackError> {
        self.has_leaked = false;
        self.stack.open(setup)
    }

    fn call(&mut self, call: &Call) -> Result<Reply, StackError> {
        self.stack.call(call)
    }

    fn deliver(&mut self, packets: &[Vec<u8>]) -> Result<Reply, StackError> {
        let leaked: Vec<Vec<u8>> = packets.iter().map(|packet| self.leak(packet)).collect();
        self.stack.deliver(&leaked)
    }

    fn run(&mut self, until: Instant, stop: Stop) -> Result<Reply, StackError> {
        self.stack.run(until, stop)
    }
}

#[test]
fn link_that_takes_an_octet_is_caught() {
    let (suite, faults) = (suite(), profile("perfect"));
    let mut caught = 0;
    for variant in tolerant(&suite) {
        let mut leaky = Leaky {
            stack: Bundled::default(),
            has_leaked: false,
        };
        let plan = plan(&variant, Some(&faults), 1);
        if plan.skip_reason().is_none() {
            let trial = drive(plan, &mut leaky);
            assert!(
                !leaky.has_leaked || trial.verdict != Verdict::Pass || !reads(&variant),
                "{} has not noticed",
                variant.id()
            );
            caught += usize::from(leaky.has_leaked && trial.verdict == Verdict::Fail);
        }
    }
    assert!(caught >= 20, "{caught} variants have noticed");
}

/// Whether the application reads what the peer sends.
fn reads(variant: &Variant) -> bool {
    let mut steps = variant.steps.iter();
    steps.any(|step| step.text.contains("recv"))
}

/// A stack that has real time, as far as it tells, and may never send again what
/// it has sent once.
struct Quitter {
    stack: Bundled,
    hello: Hello,
    quits: bool,
    sent: BTreeSet<u32>,
}

impl Quitter {
    fn new(r2: Duration, quits: bool) -> Self {
        let stack = Bundled::new(Config {
            r2_syn: r2,
            r2_data: r2,
            ..Config::default()
        });
        let mut hello = stack.hello().clone();
        hello.clock = Clock::Real;
        Self {
            stack,
            hello,
            quits,
            sent: BTreeSet::new(),
        }
    }

    fn quit(&mut self, reply: Result<Reply, StackError>) -> Result<Reply, StackError> {
        let mut reply = reply?;
        reply.tx.retain(|emitted| {
            let Body::Tcp(segment) = Packet::decode(&emitted.octets).unwrap().packet.body else {
                return true;
            };
            let is_new = segment.seq_len() == 0 || self.sent.insert(segment.seq.value());
            is_new || !self.quits
        });
        Ok(reply)
    }
}

impl StackUnderTest for Quitter {
    fn hello(&self) -> &Hello {
        &self.hello
    }

    fn open(&mut self, setup: &Setup) -> Result<Reply, StackError> {
        let reply = self.stack.open(setup);
        self.quit(reply)
    }

    fn call(&mut self, call: &Call) -> Result<Reply, StackError> {
        let reply = self.stack.call(call);
        self.quit(reply)
    }

    fn deliver(&mut self, packets: &[Vec<u8>]) -> Result<Reply, StackError> {
        let reply = self.stack.deliver(packets);
        self.quit(reply)
    }

    fn run(&mut self, until: Instant, stop: Stop) -> Result<Reply, StackError> {
        let reply = self.stack.run(until, stop);
        self.quit(reply)
    }
}

/// A link that takes everything of the stack from this time on.
fn deaf_to_stack(variant: &Variant, from: u64) -> Profile {
    let mut faults = profile("perfect");
    let way = match is_opened_by_stack(variant) {
        true => &mut faults.up,
        false => &mut faults.down,
    };
    way.outages.push(Outage {
        from: Duration::from_millis(from),
        lasts: Duration::from_hours(24),
    });
    faults
}

#[rstest]
#[case::goes_on(10_000, false, Verdict::Inconclusive)]
#[case::stops(1000, true, Verdict::Fail)]
#[case::gives_up(100, false, Verdict::Pass)]
#[case::gives_up_late(1000, false, Verdict::Pass)]
#[case::stops_long_before_it_gives_up(100, true, Verdict::Fail)]
fn where_all_is_lost_it_counts_whether_the_stack_goes_on(
    #[case] r2: u64,
    #[case] quits: bool,
    #[case] verdict: Verdict,
) {
    let suite = suite();
    for (id, from) in [
        ("handshake/three-way-active", 0),
        ("nagle/collects@role=server", 15),
        ("nagle/collects@role=client", 15),
    ] {
        let mut variants = tolerant(&suite).into_iter();
        let mut variant = variants.find(|variant| variant.id() == id).unwrap();
        Arc::make_mut(&mut variant).level = Level::Must;
        let mut stack = Quitter::new(Duration::from_secs(r2), quits);
        let mut plan = plan(&variant, Some(&deaf_to_stack(&variant, from)), 1);
        plan.hello = Arc::new(stack.hello.clone());
        let trial = drive(plan, &mut stack);
        assert_eq!(trial.verdict, verdict, "{id}: {}", trial.reason);
        let gave_up = trial.tags.iter().any(|tag| tag == "gave-up");
        assert_eq!(gave_up, verdict == Verdict::Pass, "{id}: {:?}", trial.tags);
    }
}
