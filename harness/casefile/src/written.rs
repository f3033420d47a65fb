//! A variant written out as a case of its own, with faults on its link: what is
//! left of a failure once the faults that do not matter are taken out.
//!
//! Preludes, fragments and axes are written in full. Left out is what a lenient
//! case does not look at: bounds in time, silence, and what a stack shows of itself.

use std::fmt::Write as _;
use std::time::Duration;

use tcpspec_link::{Conditions, End, Fault, Happened};

use crate::case::{PeerParams, Variant};
use crate::grammar::suffix_of;
use crate::segment::SegmentPattern;
use crate::step::{Action, Alternative, Step};

/// The text of a lenient case that plays a variant while just these faults happen:
/// those of the conditions of each way that are no chance, and those listed. The
/// left end is the peer's.
#[must_use]
pub fn written(variant: &Variant, ways: [&Conditions; 2], faults: &[Happened]) -> String {
    let mut text = head(variant);
    for (way, from) in ways.into_iter().zip(End::BOTH) {
        conditions(&mut text, way, from);
    }
    for one in faults {
        let (nth, suffix) = (one.nth, suffix_of(one.nth));
        let what = fault(one.fault);
        line(&mut text, &format!("{what} {nth}{suffix} any"), one.from);
    }
    for step in &variant.steps {
        text.push_str(&written_step(step));
    }
    text
}

fn head(variant: &Variant) -> String {
    let level = variant.level.keyword().to_lowercase().replace(' ', "-");
    let claims: Vec<String> = variant.claims.iter().map(|id| quoted(&id.0)).collect();
    let needs: Vec<String> = variant.needs.iter().map(ToString::to_string).collect();
    let mut text = format!(
        "title: {}\npurpose: {}\nlevel: {level}\nclaims: [{}]\nneeds: [{}]\n",
        quoted(&format!("{}, on a bad link", variant.title)),
        quoted(&variant.purpose),
        claims.join(", "),
        needs.join(", "),
    );
    let PeerParams {
        iss,
        mss,
        window,
        window_scale,
        timestamp,
        sack,
        backlog,
    } = &variant.peer;
    let optional = [
        iss.map(|iss| format!("iss: {iss}, ")),
        mss.map(|mss| format!("mss: {mss}, ")),
        window_scale.map(|shift| format!("ws: {shift}, ")),
        timestamp.map(|value| format!("ts: {value}, ")),
    ];
    let optional: String = optional.into_iter().flatten().collect();
    let (peer, sut) = (variant.numbering.peer, variant.numbering.sut);
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "params: {{{optional}win: {window}, sack: {sack}, backlog: {backlog}}}"
    );
    let _ = writeln!(text, "numbering: {{peer: {peer}, sut: {sut}}}");
    if !variant.never.is_empty() {
        let _ = writeln!(text, "never: [{}]", patterns(&variant.never));
    }
    text.push_str("lenient: true\n\nsteps:\n");
    text
}

/// What is no chance: how long each packet takes, and how large it may be.
fn conditions(text: &mut String, way: &Conditions, from: End) {
    if way.delay > Duration::ZERO {
        let what = format!("jitter {} every any", time(way.delay));
        line(text, &what, from);
    }
    if let Some(mtu) = way.mtu {
        line(text, &format!("mtu {mtu}"), from);
    }
}

fn line(text: &mut String, what: &str, from: End) {
    let from = match from {
        End::Left => "peer",
        End::Right => "sut",
    };
    let _ = writeln!(text, "  - wire: {what} from={from}");
}

/// A fault as a `wire:` step writes it.
fn fault(fault: Fault) -> String {
    match fault {
        Fault::Duplicate(later) if later > Duration::ZERO => format!("dup {}", time(later)),
        Fault::Delay(later) => format!("delay {}", time(later)),
        Fault::Jitter(later) => format!("jitter {}", time(later)),
        other => other.to_string(),
    }
}

/// A time to the microsecond, the least that a case can say.
fn time(time: Duration) -> String {
    format!("{}us", time.as_micros())
}

fn written_step(step: &Step) -> String {
    let said = |prefix: &str| {
        let text = step.text.strip_prefix(prefix).unwrap_or(&step.text);
        let on = step.on.as_ref().map(|name| format!(" on {name}"));
        let text = on
            .and_then(|on| text.strip_suffix(on.as_str()))
            .unwrap_or(text);
        quoted(text)
    };
    let action = match &step.action {
        Action::App(..) => format!("app: {}", said("app: ")),
        Action::Peer(segment) => format!("peer: {}", quoted(&segment.text)),
        Action::Icmp(error) => format!("icmp: {}", quoted(&error.text)),
        Action::Wire(change) => format!("wire: {}", quoted(&change.text)),
        Action::Quiet(_) => format!("quiet: {}", said("quiet: ")),
        Action::Wait(_) => format!("wait: {}", said("wait: ")),
        Action::Leap(_) => format!("leap: {}", said("leap: ")),
        Action::Gone(_) => "gone: now".to_owned(),
        Action::Sut(ways) => match sut(ways) {
            Some(sut) => sut,
            None => return String::new(),
        },
        Action::SutInfo(_) => return String::new(),
        Action::Check => String::new(),
    };
    let states = step.state.as_ref().map(|states| {
        let names: Vec<&str> = states.iter().map(|state| state.name()).collect();
        format!("state: [{}]", names.join(", "))
    });
    let never = (!step.never.is_empty()).then(|| format!("never: [{}]", patterns(&step.never)));
    let beside = [
        Some(action).filter(|action| !action.is_empty()),
        step.on.as_ref().map(|name| format!("on: {name}")),
        step.label.as_ref().map(|label| format!("as: {label}")),
        states,
        never,
        step.claim
            .as_ref()
            .map(|id| format!("claim: {}", quoted(&id.0))),
        step.why.as_ref().map(|why| format!("why: {}", quoted(why))),
    ];
    let lines: Vec<String> = beside.into_iter().flatten().collect();
    format!("  - {}\n", lines.join("\n    "))
}

/// The ways that a lenient step can be met: silence is none.
fn sut(ways: &[Alternative]) -> Option<String> {
    let ways = ways.iter().filter(|way| !way.segments.is_empty());
    let way = |way: &Alternative| {
        let states = way.state.as_ref().map(|states| {
            let names: Vec<&str> = states.iter().map(|state| state.name()).collect();
            format!(", state: [{}]", names.join(", "))
        });
        let tag = way.tag.as_ref().map(|tag| format!(", tag: {tag}"));
        let verdict = way.deviates.then(|| ", verdict: deviates".to_owned());
        let beside: String = [states, tag, verdict].into_iter().flatten().collect();
        format!("{{sequence: [{}]{beside}}}", patterns(&way.segments))
    };
    let ways: Vec<String> = ways.map(way).collect();
    (!ways.is_empty()).then(|| {
        let indent = "\n        - ";
        format!("sut:\n      one_of:{indent}{}", ways.join(indent))
    })
}

fn patterns(segments: &[SegmentPattern]) -> String {
    let texts: Vec<String> = segments.iter().map(|one| quoted(&one.text)).collect();
    texts.join(", ")
}

/// A text in quotes: JSON's are YAML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
