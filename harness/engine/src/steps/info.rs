//! `sut-info:` what the stack shows of itself: counters and fields.

use tcpspec_casefile::{InfoCheck, Match, SegmentPattern, Step, Variant};
use tcpspec_connector::{Call, Ret};
use tcpspec_record::{Event, FieldDelta, StepResult};

use crate::eval::{Scope, unclear};
use crate::halt::{Broken, Halt, delta};
use crate::play::Play;

impl Play {
    /// Reads what a later step wants to see grow.
    pub(crate) async fn note_info_at_begin(&mut self, variant: &Variant) -> Result<(), Halt> {
        let growing = variant.info().filter(|check| check.since_begin);
        let names: Vec<String> = growing.map(|check| check.name.clone()).collect();
        if names.is_empty() {
            return Ok(());
        }
        let values = self.read_info(&names, &[]).await?;
        // What does not exist yet begins at 0.
        let values = values.into_iter().map(|value| value.unwrap_or(0));
        self.info_at_begin = names.into_iter().zip(values).collect();
        Ok(())
    }

    pub(super) async fn info(
        &mut self,
        step: &Step,
        checks: &[InfoCheck],
    ) -> Result<StepResult, Halt> {
        let names: Vec<String> = checks.iter().map(|check| check.name.clone()).collect();
        let values = self.read_info(&names, &step.never).await?;
        let mut wrong = Vec::new();
        for (check, value) in checks.iter().zip(values) {
            let shown = value.map_or_else(|| "no value".to_owned(), |value| value.to_string());
            let event = Event::App {
                call: format!("info {}", check.name),
                result: shown.clone(),
                octets: None,
            };
            self.recorder.event(self.now, event);
            let met = match value {
                Some(value) => is_allowed(&check.allowed, self.meant(check, value), &self.scope())?,
                None => false,
            };
            if !met {
                let got = match value {
                    Some(value) if check.since_begin => format!("+{}", self.meant(check, value)),
                    _ => shown,
                };
                wrong.push(delta(&check.name, check.text.clone(), got));
            }
        }
        match wrong.is_empty() {
            true => Ok(StepResult::Met),
            false => Err(self.shows_otherwise(wrong).into()),
        }
    }

    /// The value that a check is about: the counter's, or how it has grown.
    fn meant(&self, check: &InfoCheck, value: u64) -> i64 {
        let before = if check.since_begin {
            self.info_at_begin.get(&check.name).copied().unwrap_or(0)
        } else {
            0
        };
        i64::try_from(value.saturating_sub(before)).unwrap_or(i64::MAX)
    }

    async fn read_info(
        &mut self,
        names: &[String],
        never: &[SegmentPattern],
    ) -> Result<Vec<Option<u64>>, Halt> {
        let call = Call::Info {
            handle: self.talk.handle(),
            names: names.to_vec(),
        };
        match self.call(call, never).await? {
            Ok(Ret::Info(values)) if values.len() == names.len() => Ok(values),
            Ok(_) => Err(unclear("the connector answered `info` with something else")),
            Err(error) => Err(unclear(&format!("the connector refused `info`: {error}"))),
        }
    }

    fn shows_otherwise(&self, wrong: Vec<FieldDelta>) -> Broken {
        let list = |side: fn(&FieldDelta) -> &str| {
            let all = wrong.iter().map(|d| format!("{}={}", d.field, side(d)));
            all.collect::<Vec<_>>().join(", ")
        };
        let (expected, got) = (list(|d| &d.expected), list(|d| &d.got));
        Broken {
            sentence: format!(
                "After {} the stack shows {got}; {expected} is required.",
                self.stimulus
            ),
            expected: vec![expected],
            got,
            delta: wrong,
            ..Broken::default()
        }
    }
}

fn is_allowed(allowed: &Match, value: i64, scope: &Scope<'_>) -> Result<bool, Halt> {
    Ok(match allowed {
        Match::Any => true,
        Match::Value(expr) => scope.count(expr)? == value,
        Match::Range(lo, hi) => (scope.count(lo)?..=scope.count(hi)?).contains(&value),
        Match::Not(other) => !is_allowed(other, value, scope)?,
    })
}
