//! `peer:` the peer sends.

mod options;

use tcpspec_casefile::{Address, Expr, SegmentTemplate, Step};
use tcpspec_record::{Side, StepResult};
use tcpspec_wire::mangle::mangle;
use tcpspec_wire::{
    Body, Flags, Instant, IpHeader, Mangle, Packet, Segment, SourceRoute, WindowField,
};

use super::short;
use crate::eval::{Label, Labelled, Numbers, unclear};
use crate::halt::Halt;
use crate::plan::address;
use crate::play::Play;
use crate::routes::source_route;
use crate::stream::offset_of;

impl Play {
    pub(super) async fn peer(
        &mut self,
        step: &Step,
        template: &SegmentTemplate,
    ) -> Result<StepResult, Halt> {
        self.pace(step).await?;
        let strict = self.plan.variant.strict;
        self.refuse_leftovers(&format!("before step {}", self.own_step()), strict)?;
        let segment = self.fill(template)?;
        let setup = self.plan.setup();
        let [src, dst] = [template.source, template.destination].map(|at| address(at, &setup));
        let ip = self.ip_header(template, IpHeader::new(src?, dst?))?;
        let route = template.route.as_ref();
        let route = route.map(|route| source_route(route, &setup)).transpose()?;
        let packet = Packet {
            ip,
            // It has come by all of its routers.
            route: route
                .flatten()
                .map(|route| route.with_passed(SourceRoute::MAX)),
            body: Body::Tcp(segment.clone()),
        };
        let octets = mangle(&packet, &template.mangles);
        let is_received = is_received(template);
        if is_received {
            self.talk.book.peer_sends(&segment);
        }
        let text = self.peer_text(&segment);
        let whole = octets.first().map(Vec::as_slice).unwrap_or_default();
        let sent = self
            .recorder
            .packet(self.now, Side::Peer, text.clone(), whole);
        if let Some(note) = remark(step, template) {
            self.recorder.note(sent, note);
        }
        let labelled = Labelled {
            side: Side::Peer,
            port: self.talk.peer_port,
            numbers: Numbers::from(&segment),
            packet: sent,
        };
        self.set_label(step, labelled, self.now);
        self.stimulus = short(&text).to_owned();
        let segment = is_received.then_some(&segment);
        self.deliver(octets, sent, segment, &step.never).await?;
        Ok(StepResult::Done)
    }

    /// The IP header with what the template says of it.
    fn ip_header(&self, template: &SegmentTemplate, mut ip: IpHeader) -> Result<IpHeader, Halt> {
        let scope = self.scope();
        let field = |expr: &Option<Expr>| {
            expr.as_ref()
                .map(|expr| scope.field::<u8>(expr))
                .transpose()
        };
        ip.ttl = field(&template.ip.ttl)?.unwrap_or(ip.ttl);
        ip.traffic_class = field(&template.ip.ds)?.unwrap_or(0) << 2;
        ip.dont_fragment = field(&template.ip.df)?.map_or(ip.dont_fragment, |bit| bit != 0);
        template.ecn.unwrap_or_default().mark(&mut ip);
        Ok(ip)
    }

    /// The segment that a template stands for: what is left out gets what a
    /// correct peer would send.
    fn fill(&mut self, template: &SegmentTemplate) -> Result<Segment, Halt> {
        let scope = self.scope();
        let flags = template.flags;
        let syn = flags.contains(Flags::SYN);
        let seq = match &template.seq {
            Some(expr) => scope.seq(expr, Side::Peer)?,
            None if syn => self.talk.book.peer_iss,
            None => self.talk.book.peer_next(),
        };
        let ack = match &template.ack {
            Some(expr) => scope.seq(expr, Side::Sut)?,
            None if flags.contains(Flags::ACK) => self.talk.book.peer_ack().ok_or_else(|| {
                unclear("the stack has not sent its SYN, so there is nothing to acknowledge: write `ack=abs:N`")
            })?,
            None => Default::default(),
        };
        let len: Option<u16> = template
            .len
            .as_ref()
            .map(|len| scope.field(len))
            .transpose()?;
        let window = template
            .window
            .as_ref()
            .map(|window| scope.field(window))
            .transpose()?;
        let urgent = template
            .urgent
            .as_ref()
            .map(|urgent| scope.field(urgent))
            .transpose()?;
        let start = if syn { seq + 1 } else { seq };
        let offset = offset_of(start, self.talk.book.peer_iss);
        let payload = match (&template.data, len) {
            (Some(data), _) => {
                self.talk.peer_stream.write(offset, data);
                data.clone()
            }
            (None, Some(len)) => self.talk.peer_stream.read(offset, len.into()),
            (None, None) => Vec::new(),
        };
        Ok(Segment {
            src_port: self.talk.peer_port,
            dst_port: self.talk.local_port,
            seq,
            ack,
            flags,
            window: WindowField::new(window.unwrap_or(self.plan.variant.peer.window)),
            urgent: urgent.unwrap_or(0),
            options: match &template.options {
                Some(options) => self.options(options)?,
                None => self.default_options(flags),
            },
            payload,
        })
    }

    pub(crate) fn set_label(&mut self, step: &Step, segment: Labelled, at: Instant) {
        if let Some(name) = &step.label {
            let label = Label {
                first: at,
                last: at,
                segment: Some(segment),
            };
            self.labels.insert(name.clone(), label);
        }
    }
}

/// Whether a correct stack takes the segment in: nothing is wrong with it.
fn is_received(template: &SegmentTemplate) -> bool {
    let harmless = |edit: &Mangle| matches!(edit, Mangle::Fragment(_) | Mangle::IpOptions(_));
    let is_addressed = template.source == Address::Peer && template.destination == Address::Stack;
    is_addressed && template.mangles.iter().all(harmless)
}

/// The remark beside the peer's segment: the case's, and what is broken.
fn remark(step: &Step, template: &SegmentTemplate) -> Option<String> {
    let mut parts: Vec<String> = template.mangles.iter().map(ToString::to_string).collect();
    if template.source != Address::Peer {
        parts.push(format!("src={}", template.source));
    }
    if let Some(route) = &template.route {
        parts.push(format!("route={route}"));
    }
    if template.destination != Address::Stack {
        parts.push(format!("dst={}", template.destination));
    }
    parts.extend(step.on.iter().map(|name| format!("on {name}")));
    parts.extend(step.note.clone());
    (!parts.is_empty()).then(|| parts.join("; "))
}
