//! `icmp:` somebody reports an error about a segment that the stack sent.

use tcpspec_casefile::{IcmpTemplate, Quote, Reporter, Step};
use tcpspec_record::{Side, StepResult};
use tcpspec_wire::{Body, IcmpError, IpHeader, Packet};

use crate::eval::unclear;
use crate::halt::Halt;
use crate::plan::other_address;
use crate::play::Play;

/// Where a TCP header holds the source port, the destination port and the
/// sequence number.
const SOURCE_PORT_AT: usize = 0;
const DESTINATION_PORT_AT: usize = 2;
const SEQUENCE_AT: usize = 4;

impl Play {
    pub(super) async fn icmp(
        &mut self,
        step: &Step,
        template: &IcmpTemplate,
    ) -> Result<StepResult, Halt> {
        self.pace(step).await?;
        let strict = self.plan.variant.strict;
        self.refuse_leftovers(&format!("before step {}", self.own_step()), strict)?;
        let setup = self.plan.setup();
        let reporter = match template.reporter {
            Reporter::Peer => setup.peer,
            Reporter::Router => other_address(setup.peer),
        };
        let ip = IpHeader::new(reporter, setup.stack);
        let octets = Packet::new(ip, Body::Icmp(self.error(template)?)).encode();
        let text = format!("ICMP {}", template.text);
        let sent = self
            .recorder
            .packet(self.now, Side::Peer, text.clone(), &octets);
        if let Some(note) = &step.note {
            self.recorder.note(sent, note.clone());
        }
        self.stimulus = text;
        self.deliver(vec![octets], sent, None, &step.never).await?;
        Ok(StepResult::Done)
    }

    /// The error that a template stands for.
    fn error(&self, template: &IcmpTemplate) -> Result<IcmpError, Halt> {
        let v6 = self.plan.setup().stack.is_ipv6();
        let mut error = IcmpError::quoting(template.report, v6, self.quoted(&template.quote)?)
            .ok_or_else(|| unclear("this version of IP has no such error"))?;
        let seq = template.seq.as_ref();
        let seq = seq
            .map(|seq| self.scope().seq(seq, Side::Sut))
            .transpose()?;
        let edits = [
            (
                SOURCE_PORT_AT,
                template.source_port.map(u16::to_be_bytes).map(Vec::from),
            ),
            (
                DESTINATION_PORT_AT,
                template
                    .destination_port
                    .map(u16::to_be_bytes)
                    .map(Vec::from),
            ),
            (
                SEQUENCE_AT,
                seq.map(|seq| seq.value().to_be_bytes().to_vec()),
            ),
        ];
        let segment = error.quoted_segment_mut();
        for (at, octets) in edits {
            let Some(octets) = octets else { continue };
            if let Some(room) = segment.get_mut(at..at + octets.len()) {
                room.copy_from_slice(&octets);
            }
        }
        if let Some(len) = template.len {
            error.cut_quote(len.into());
        }
        Ok(error)
    }

    /// The packet that an error is about, as the stack sent it.
    fn quoted(&self, quote: &Quote) -> Result<Vec<u8>, Halt> {
        let packet = match quote {
            Quote::Last => self.talk.last_of_sut,
            Quote::Label(name) => {
                let label = self.labels.get(name);
                label
                    .and_then(|label| label.segment)
                    .map(|segment| segment.packet)
            }
        };
        packet
            .and_then(|packet| self.recorder.octets(packet))
            .ok_or_else(|| unclear("the stack has sent no segment that an error could quote"))
    }
}
