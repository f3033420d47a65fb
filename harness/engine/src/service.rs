//! Which cases a service plays that stands in for the application: those in which
//! the application does nothing but what the service does by itself.

use tcpspec_casefile::{Action, AppCall, Outcome, PeerParams, SegmentTemplate, Step, Variant};
use tcpspec_connector::Service;
use tcpspec_wire::Flags;

/// Why a case cannot be played where a service stands in for the application;
/// `None` if it can.
pub(crate) fn unplayable(service: Service, variant: &Variant) -> Option<String> {
    let reason = match service {
        _ if !shows(variant) => "nothing that it judges shows in packets".to_owned(),
        Service::Nothing => return None,
        _ if variant.peer.backlog != PeerParams::default().backlog => {
            "it is about a backlog, which a service empties".to_owned()
        }
        _ => calls(service, variant).or_else(|| peer(service, variant))?,
    };
    Some(format!("of packets alone: {reason}"))
}

/// Whether the case itself judges anything that is on the wire.
fn shows(variant: &Variant) -> bool {
    let shows = |step: &Step| {
        matches!(step.action, Action::Sut(_) | Action::Quiet(_)) || !step.never.is_empty()
    };
    let mut own = variant.steps.iter().filter(|step| !step.prelude);
    !variant.never.is_empty() || own.any(shows)
}

/// The first call that the service does not make.
fn calls(service: Service, variant: &Variant) -> Option<String> {
    let acts = variant.steps.iter().filter(|step| !is_look(step));
    let mut before: Option<&AppCall> = None;
    let mut closes = false;
    for step in acts {
        let call = match &step.action {
            Action::App(call, outcomes) if !is_success(outcomes) => {
                return Some(format!(
                    "the service tells nobody what {} gives",
                    verb(call)
                ));
            }
            Action::App(call, _) => Some(call),
            _ => None,
        };
        let made = call.is_none_or(|call| match (service, call) {
            (_, AppCall::Listen | AppCall::Accept) => true,
            (Service::Close, AppCall::Close) | (Service::Shutdown, AppCall::Shutdown) => {
                closes = matches!(before, Some(AppCall::Accept));
                closes
            }
            _ => false,
        });
        if !made {
            let verb = call.map_or("", verb);
            return Some(format!("the service does not {verb} at that time"));
        }
        // What only looks at the state lies not between.
        if step.action != Action::Check {
            before = call;
        }
    }
    let accepts = |step: &Step| matches!(step.action, Action::App(AppCall::Accept, _));
    let closes_early = matches!(service, Service::Close | Service::Shutdown) && !closes;
    let stays_open = closes_early && variant.steps.iter().any(accepts);
    stays_open.then(|| "the service closes what the case keeps open".to_owned())
}

/// What the peer does that the service answers by something that the case does not
/// speak of.
fn peer(service: Service, variant: &Variant) -> Option<String> {
    let listens = |step: &Step| matches!(step.action, Action::App(AppCall::Listen, _));
    if !variant.steps.iter().any(listens) {
        return None;
    }
    let sends = |what: fn(&SegmentTemplate) -> bool| {
        variant
            .steps
            .iter()
            .any(|step| matches!(&step.action, Action::Peer(template) if what(template)))
    };
    let text = |template: &SegmentTemplate| template.len.is_some() || template.data.is_some();
    let accepts = variant
        .steps
        .iter()
        .any(|step| matches!(step.action, Action::App(AppCall::Accept, _)));
    let opens = |template: &SegmentTemplate| {
        template.flags.contains(Flags::ACK) && !template.flags.contains(Flags::RST)
    };
    let reason = match service {
        Service::Echo if sends(text) => "the service sends back the peer's text",
        Service::Echo | Service::Discard
            if sends(|template| template.flags.contains(Flags::FIN)) =>
        {
            "the service answers the peer's FIN by closing"
        }
        Service::Discard | Service::Shutdown if sends(text) && compares_windows(variant) => {
            "the service reads the peer's text, which opens the window"
        }
        Service::Close | Service::Shutdown if !accepts && sends(opens) => {
            "the service closes what the case opens"
        }
        _ => return None,
    };
    Some(reason.to_owned())
}

fn compares_windows(variant: &Variant) -> bool {
    variant.steps.iter().any(|step| match &step.action {
        Action::Sut(ways) => {
            let mut segments = ways.iter().flat_map(|way| &way.segments);
            segments.any(|segment| segment.window.is_some())
        }
        _ => false,
    })
}

/// Whether a step only asks what the application is told: nobody sees that, and
/// nothing changes by it.
pub(crate) const fn is_look(step: &Step) -> bool {
    matches!(
        step.action,
        Action::App(AppCall::Look | AppCall::Recv(_), _)
    )
}

fn is_success(outcomes: &[Outcome]) -> bool {
    outcomes.iter().all(|outcome| *outcome == Outcome::Ok)
}

const fn verb(call: &AppCall) -> &'static str {
    match call {
        AppCall::Listen => "listen",
        AppCall::Connect { .. } => "connect",
        AppCall::Accept => "accept",
        AppCall::SendLen(_) | AppCall::SendData(_) | AppCall::SendUrgent(_) => "send",
        AppCall::Urgent => "ask for urgent text",
        AppCall::Report => "ask for reports",
        AppCall::Recv(_) | AppCall::Look => "receive",
        AppCall::Shutdown => "shut down",
        AppCall::Close => "close",
        AppCall::CloseListener => "close its listener",
        AppCall::Abort => "abort",
        AppCall::SetOption(_) => "set options",
    }
}
