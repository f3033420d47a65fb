//! The few faults that made a trial fail, written as a case.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tcpspec_casefile::{SourceFile, load_files, written};
use tcpspec_connector::Clock;
use tcpspec_engine::{Faults, Plan, drive_on_link};
use tcpspec_link::{Conditions, Fault, Happened, Profile, least};
use tcpspec_record::{Log, Trial, Verdict};

use super::{Course, Planned};
use crate::commands::{cases_dir, count};
use crate::failure::Failure;
use crate::schedule::Job;
use crate::stacks;

/// Reduces the faults of the first trial of a run that they made fail, and writes
/// them as a case; what came of it, in words.
pub(super) fn told(course: &Course<'_>, log: &Log) -> Result<String, Failure> {
    let failed = |trial: &&Trial| {
        let is_open = trial.known.is_none() && trial.verdict.is_failure(course.args.strict);
        is_open && !trial.id.faults.is_empty()
    };
    let Some(trial) = log.trials.iter().find(failed) else {
        return Ok("nothing to shrink: no trial under faults has failed".to_owned());
    };
    let jobs = Planned::new(course).jobs;
    let job = jobs.into_iter().find(|job| job.plan.id == trial.id);
    let bench = job.and_then(Bench::new);
    let Some(bench) = bench else {
        let stack = &trial.id.stack;
        return Ok(format!(
            "nothing to shrink: {stack} does nothing twice alike"
        ));
    };
    bench.reduced(course, trial)
}

/// Where a trial is played again with other faults.
struct Bench {
    job: Job,
    drawn: Arc<Faults>,
}

impl Bench {
    /// Only a stack on a virtual clock meets the same twice.
    fn new(job: Job) -> Option<Self> {
        let drawn = job.plan.faults.clone()?;
        let is_virtual = job.plan.hello.clock == Clock::Virtual;
        is_virtual.then_some(Self { job, drawn })
    }

    fn reduced(&self, course: &Course<'_>, failed: &Trial) -> Result<String, Failure> {
        let again = self.play(&self.job.plan);
        let Some((_, happened)) = again.filter(|(trial, _)| is_like(trial, failed)) else {
            return Ok("nothing to shrink: it does not fail again".to_owned());
        };
        let fails = |profile: &Profile, faults: &[Happened]| {
            self.fails(&self.with(profile, faults), failed)
        };
        let Some(profile) = self.plain(|profile| fails(profile, &happened)) else {
            return Ok("nothing to shrink: it fails for want of bandwidth alone".to_owned());
        };
        let kept = least(&happened, |faults| fails(&profile, faults));
        let text = written(&self.job.plan.variant, self.ways(&profile), &kept);
        let path = self.write(&text, &course.args.play.out)?;
        let mut lines = vec![format!(
            "{} of {} are enough to fail {}:",
            count(kept.len(), "fault"),
            happened.len(),
            failed.id.variant_id()
        )];
        lines.extend(kept.iter().map(in_words));
        lines.push(match self.is_shown_by(course, &text, failed)? {
            true => format!("as a case: {}", path.display()),
            false => format!("as a case, which does not show it: {}", path.display()),
        });
        Ok(lines.join("\n"))
    }

    fn play(&self, plan: &Plan) -> Option<(Trial, Vec<Happened>)> {
        let mut stack = stacks::driven(&self.job.stack, self.job.greeting.as_ref())?;
        Some(drive_on_link(plan.clone(), stack.as_stack()))
    }

    fn fails(&self, plan: &Plan, like: &Trial) -> bool {
        self.play(plan)
            .is_some_and(|(trial, _)| is_like(&trial, like))
    }

    /// The trial with these faults instead of drawn ones.
    fn with(&self, profile: &Profile, faults: &[Happened]) -> Plan {
        let faults = Faults {
            profile: profile.clone(),
            schedule: Some(faults.to_vec()),
        };
        Plan {
            faults: Some(Arc::new(faults)),
            ..self.job.plan.clone()
        }
    }

    /// The profile with as little in it as still fails. What outages and full
    /// queues took is among the faults, so those can go at once.
    fn plain(&self, fails: impl Fn(&Profile) -> bool) -> Option<Profile> {
        let without = |profile: &Profile, change: fn(&mut Conditions)| {
            let mut profile = profile.clone();
            change(&mut profile.up);
            change(&mut profile.down);
            profile
        };
        let clear: fn(&mut Conditions) = |way| {
            way.outages.clear();
            (way.bandwidth, way.queue) = (None, None);
        };
        let mut profile = without(&self.drawn.profile, clear);
        if !fails(&profile) {
            return None;
        }
        let changes: [fn(&mut Conditions); 2] = [
            |way| way.delay = std::time::Duration::ZERO,
            |way| way.mtu = None,
        ];
        for change in changes {
            let less = without(&profile, change);
            if fails(&less) {
                profile = less;
            }
        }
        Some(profile)
    }

    /// What the peer's packets meet, and what the stack's do.
    fn ways<'p>(&self, profile: &'p Profile) -> [&'p Conditions; 2] {
        match tcpspec_engine::faults::is_opened_by_stack(&self.job.plan.variant) {
            true => [&profile.down, &profile.up],
            false => [&profile.up, &profile.down],
        }
    }

    fn write(&self, text: &str, out: &Path) -> Result<PathBuf, Failure> {
        let dir = out.join("shrunk");
        fs::create_dir_all(&dir).map_err(|error| Failure::file("create", &dir, error))?;
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let name: String = self.job.plan.id.variant_id().chars().map(plain).collect();
        let path = dir.join(name).with_extension("yaml");
        fs::write(&path, text).map_err(|error| Failure::file("write", &path, error))?;
        Ok(path)
    }

    /// Whether the case that was written fails as the trial did.
    fn is_shown_by(
        &self,
        course: &Course<'_>,
        text: &str,
        failed: &Trial,
    ) -> Result<bool, Failure> {
        let dir = cases_dir(&course.args.play.cases)?.join("requirements");
        let mut files = vec![SourceFile::new("shrunk/case.yaml", text)];
        let entries = fs::read_dir(&dir).map_err(|error| Failure::file("read", &dir, error))?;
        for entry in entries {
            let path = entry
                .map_err(|error| Failure::file("read", &dir, error))?
                .path();
            let text = fs::read_to_string(&path);
            let text = text.map_err(|error| Failure::file("read", &path, error))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with("rfc") {
                files.push(SourceFile::new(&format!("requirements/{name}"), &text));
            }
        }
        let suite = load_files(&files);
        let Some(variant) = suite.variants().next() else {
            return Ok(false);
        };
        let plan = Plan {
            variant: Arc::new(variant.clone()),
            faults: None,
            ..self.job.plan.clone()
        };
        let played = self.play(&plan);
        Ok(played.is_some_and(|(trial, _)| trial.verdict == failed.verdict))
    }
}

/// Whether two trials failed in the same way: in the same step, by the same.
fn is_like(one: &Trial, other: &Trial) -> bool {
    let step = |trial: &Trial| trial.failure.as_ref().map(|failure| failure.step);
    one.verdict != Verdict::Pass && one.verdict == other.verdict && step(one) == step(other)
}

fn in_words(one: &Happened) -> String {
    let from = match one.from {
        tcpspec_link::End::Left => "the peer",
        tcpspec_link::End::Right => "the stack",
    };
    let fault: Fault = one.fault;
    format!("  packet {} of {from}: {fault}", one.nth)
}
