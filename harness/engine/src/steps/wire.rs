//! `wire:` something happens to packets on the link.

use tcpspec_casefile::{Step, WireChange, WireFault, WireTemplate};
use tcpspec_link::{Conditions, Fault, Outage, Rule};
use tcpspec_record::{Side, StepResult};

use crate::eval::unclear;
use crate::halt::Halt;
use crate::play::{PEER, Play, SUT, Wire};

impl Play {
    pub(super) async fn wire(
        &mut self,
        step: &Step,
        template: &WireTemplate,
    ) -> Result<StepResult, Halt> {
        match &template.change {
            WireChange::Fault {
                fault,
                which,
                times,
            } => {
                let rule = Rule {
                    from: template.from.map(end),
                    which: *which,
                    times: *times,
                    fault: self.fault(fault)?,
                };
                self.joined()?.link.add_rule(&rule);
            }
            WireChange::Mtu(mtu) => self.change_link(template, |way| way.mtu = *mtu)?,
            WireChange::Up => self.change_link(template, |way| way.outages.clear())?,
            WireChange::Down(span) => {
                let lasts = span.as_ref().map(|span| self.scope().span(span));
                let outage = Outage {
                    from: self.now.since(tcpspec_wire::Instant::ZERO),
                    lasts: lasts.transpose()?.unwrap_or(std::time::Duration::MAX),
                };
                self.change_link(template, |way| way.outages.push(outage))?;
            }
            WireChange::Replay(label) => {
                self.pace(step).await?;
                self.replay(label)?;
                self.settle(&step.never).await?;
            }
        }
        Ok(StepResult::Done)
    }

    fn joined(&mut self) -> Result<&mut Wire, Halt> {
        let wire = self.wire.as_deref_mut();
        wire.ok_or_else(|| unclear("the trial has no link that anything could be done to"))
    }

    fn change_link(
        &mut self,
        template: &WireTemplate,
        change: impl Fn(&mut Conditions),
    ) -> Result<(), Halt> {
        let from = template.from.map(end);
        let link = &mut self.joined()?.link;
        for way in [PEER, SUT] {
            if from.is_none_or(|from| from == way) {
                link.change(way, &change);
            }
        }
        Ok(())
    }

    /// A labelled packet arrives once more.
    fn replay(&mut self, label: &str) -> Result<(), Halt> {
        let labelled = self.labels.get(label).and_then(|label| label.segment);
        let octets = labelled.and_then(|one| self.recorder.octets(one.packet));
        let (Some(labelled), Some(octets)) = (labelled, octets) else {
            return Err(unclear(
                "no segment bears the label, so none can be repeated",
            ));
        };
        let now = self.now;
        self.joined()?.link.repeat(end(labelled.side), now, octets);
        Ok(())
    }

    fn fault(&self, fault: &WireFault) -> Result<Fault, Halt> {
        let scope = self.scope();
        Ok(match fault {
            WireFault::Drop => Fault::Drop,
            WireFault::Duplicate(later) => {
                let later = later.as_ref().map(|later| scope.span(later));
                Fault::Duplicate(later.transpose()?.unwrap_or_default())
            }
            WireFault::Delay(later) => Fault::Delay(scope.span(later)?),
            WireFault::Jitter(later) => Fault::Jitter(scope.span(later)?),
            WireFault::Reorder(count) => Fault::Reorder(*count),
            WireFault::Corrupt(bit) => Fault::Corrupt(*bit),
            WireFault::CorruptSilently(bit) => Fault::CorruptSilently(*bit),
            WireFault::Truncate(octets) => Fault::Truncate(*octets),
            WireFault::Fragment(size) => Fault::Fragment(*size),
        })
    }
}

const fn end(side: Side) -> tcpspec_link::End {
    match side {
        Side::Peer => PEER,
        Side::Sut => SUT,
    }
}
