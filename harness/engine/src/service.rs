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
        AppCall::Die => "die",
        AppCall::SetOption(_) => "set options",
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use tcpspec_casefile::{SourceFile, load_files};

    use super::*;

    const CATALOGUE: &str =
        "- {id: '1:MUST-1', level: MUST, section: '1', topic: t, summary: s, how: h, source: text}";
    const OPEN: &str = "app: listen; peer: SYN; sut: SYN+ACK; peer: ACK; app: accept";

    /// A case of these steps, with `;` between them and further keys before them.
    fn variant(keys: &str, steps: &str) -> Variant {
        let steps = steps.replace("OPEN", OPEN);
        let steps: String = steps
            .split("; ")
            .map(|step| format!("  - {step}\n"))
            .collect();
        let case = format!(
            "title: T\npurpose: P\nlevel: must\nclaims: ['1:MUST-1']\n{keys}\nsteps:\n{steps}"
        );
        let suite = load_files(&[
            SourceFile::new("requirements/rfc1.yaml", CATALOGUE),
            SourceFile::new("test/case.yaml", &case),
        ]);
        let complaints: Vec<String> = suite.diagnostics.iter().map(|d| d.render(false)).collect();
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
        suite.variants().next().unwrap().clone()
    }

    #[track_caller]
    fn check(service: Service, keys: &str, steps: &str, reason: &str) {
        let expected = (!reason.is_empty()).then(|| format!("of packets alone: {reason}"));
        assert_eq!(unplayable(service, &variant(keys, steps)), expected);
    }

    /// Cases that nobody's application has a part in, and what no packet shows.
    #[rstest]
    #[case::closed_port("peer: SYN; sut: RST+ACK", "")]
    #[case::nothing_shows(
        "app: listen; state: LISTEN",
        "nothing that it judges shows in packets"
    )]
    fn every_service_is_alike(
        #[values(
            Service::Nothing,
            Service::Echo,
            Service::Discard,
            Service::Close,
            Service::Shutdown
        )]
        service: Service,
        #[case] steps: &str,
        #[case] reason: &str,
    ) {
        check(service, "", steps, reason);
    }

    #[rstest]
    #[case::echo_waits(Service::Echo, "OPEN; quiet: 1s", "")]
    #[case::echo_of_text(
        Service::Echo,
        "OPEN; peer: ACK len=10; sut: ACK",
        "the service sends back the peer's text"
    )]
    #[case::echo_ends(
        Service::Echo,
        "OPEN; peer: FIN+ACK; sut: ACK",
        "the service answers the peer's FIN by closing"
    )]
    #[case::echo_sends_nothing_by_itself(
        Service::Echo,
        "OPEN; app: send len=10; sut: ACK len=10",
        "the service does not send at that time"
    )]
    #[case::nobody_hears_how_it_went(
        Service::Echo,
        "OPEN; peer: RST seq=1; app: send len=1 expect reset; quiet: 1s",
        "the service tells nobody what send gives"
    )]
    #[case::discard_reads(Service::Discard, "OPEN; peer: ACK len=10; sut: ACK", "")]
    #[case::what_is_read_is_unobserved(
        Service::Discard,
        "OPEN; peer: ACK len=10; sut: ACK; app: recv len=10 expect bytes=10",
        ""
    )]
    #[case::discard_opens_the_window(
        Service::Discard,
        "OPEN; peer: ACK len=10; sut: ACK win=10",
        "the service reads the peer's text, which opens the window"
    )]
    #[case::discard_stays(
        Service::Discard,
        "OPEN; app: close; sut: FIN+ACK",
        "the service does not close at that time"
    )]
    #[case::close_closes(Service::Close, "OPEN; app: close; sut: FIN+ACK", "")]
    #[case::state_lies_not_between(
        Service::Close,
        "OPEN; state: ESTABLISHED; app: close; sut: FIN+ACK",
        ""
    )]
    #[case::close_is_early(
        Service::Close,
        "OPEN; quiet: 1s; app: close; sut: FIN+ACK",
        "the service does not close at that time"
    )]
    #[case::close_keeps_nothing_open(
        Service::Close,
        "OPEN; quiet: 1s",
        "the service closes what the case keeps open"
    )]
    #[case::close_accepts_by_itself(
        Service::Close,
        "app: listen; peer: SYN; sut: SYN+ACK; peer: ACK; quiet: 1s",
        "the service closes what the case opens"
    )]
    #[case::shutdown_goes_on_reading(
        Service::Shutdown,
        "OPEN; app: shutdown; sut: FIN+ACK; peer: ACK; peer: FIN+ACK; sut: ACK",
        ""
    )]
    #[case::shutdown_is_no_close(
        Service::Shutdown,
        "OPEN; app: close; sut: FIN+ACK",
        "the service does not close at that time"
    )]
    fn service_does_what_it_does(
        #[case] service: Service,
        #[case] steps: &str,
        #[case] reason: &str,
    ) {
        check(service, "", steps, reason);
    }

    #[rstest]
    #[case::empties_a_backlog(Service::Echo, "it is about a backlog, which a service empties")]
    #[case::has_none(Service::Nothing, "")]
    fn backlog(#[case] service: Service, #[case] reason: &str) {
        let keys = "params: {backlog: 1}";
        check(
            service,
            keys,
            "app: listen; peer: SYN; sut: SYN+ACK",
            reason,
        );
    }
}
