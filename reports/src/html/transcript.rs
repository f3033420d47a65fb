//! All that happened in a trial as plain lines: every call of the
//! application, every packet in full, every state, as the log has them.

use std::fmt::Write as _;

use tcpspec_record::trace::{Did, Taken};
use tcpspec_record::{Event, Side, Transcript, Trial};

use crate::ladder::span;
use crate::text::clean;

/// The lines: microseconds, who, what.
pub(super) fn lines(trial: &Trial) -> String {
    let mut text = String::new();
    for event in &trial.trace {
        let seconds = event.at as f64 / 1e9;
        let (who, what) = words(&event.event);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{seconds:>12.6}  {who:<8}  {}", clean(&what));
    }
    text
}

/// What was said to a stack in another process and by it.
pub(super) fn said(said: &Transcript) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    if said.left_out > 0 {
        let _ = writeln!(text, "({} earlier lines are left out)", said.left_out);
    }
    for line in &said.lines {
        let _ = writeln!(text, "{}", clean(line));
    }
    for line in &said.stderr {
        let _ = writeln!(text, "stderr: {}", clean(line));
    }
    text
}

fn words(event: &Event) -> (&'static str, String) {
    match event {
        Event::Packet {
            from, text, taken, ..
        } => {
            let who = match from {
                Side::Peer => "peer",
                Side::Sut => "stack",
            };
            (who, format!("{text}{}", taken.map_or("", remark)))
        }
        Event::Wire {
            from, text, did, ..
        } => {
            let who = match from {
                Side::Peer => "peer",
                Side::Sut => "stack",
            };
            (who, format!("{text} (the link: {did})"))
        }
        Event::Expected { text, when } => ("expected", format!("{text} {when}")),
        Event::App { call, result, .. } => ("app", format!("{call} \u{2192} {result}")),
        Event::State { state, exact: true } => ("state", state.clone()),
        Event::State {
            state,
            exact: false,
        } => ("state", format!("{state}, when looked at")),
        Event::Reason { did, why } => {
            let did = match did {
                Did::Dropped => "dropped",
                Did::Reset => "reset",
            };
            ("reason", format!("{did}: {why}"))
        }
        Event::Wait { nanos, leap: false } => ("wait", span(*nanos)),
        Event::Wait { nanos, leap: true } => ("leap", span(*nanos)),
    }
}

const fn remark(taken: Taken) -> &'static str {
    match taken {
        Taken::Matched => "",
        Taken::Tolerated => "  (tolerated)",
        Taken::Refused => "  (refused)",
        Taken::After => "  (after the verdict)",
    }
}
