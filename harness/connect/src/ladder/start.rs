//! The first rungs: what is said of a stack that says no proper hello.

use tcpspec_connector::StackError;

use super::{Break, Outcome, Rung};

/// Tells of the rungs of a stack that says no hello, and gives the one that
/// breaks.
pub(super) fn fallen(error: &StackError, tell: &mut dyn FnMut(Rung, &Outcome)) -> Rung {
    let rung = rung_of(error);
    let below = Rung::ALL.iter().map(|(rung, _)| *rung);
    for held in below.take_while(|below| *below != rung) {
        tell(held, &Outcome::Holds(String::new()));
    }
    let next = match (rung, error) {
        (Rung::Version, _) => "Say `\"hello\":1` in the first line: there is no other version yet.",
        (Rung::Starts, StackError::Environment(_)) => {
            "Try the command by itself in this directory. It is split into words as a shell \
             would, but no shell runs it: no variables, no redirection."
        }
        (Rung::Starts, _) => {
            "Start it by itself: it has to print one line and then wait for lines on its \
             standard input, until there are no more."
        }
        _ => {
            "Print the hello as one line of JSON before anything else, flush it, and log to \
             stderr alone. The templates of `tcpspec connect init` begin with one."
        }
    };
    let found = Break {
        what: error.to_string(),
        next: next.to_owned(),
        lines: Vec::new(),
    };
    tell(rung, &Outcome::Breaks(found));
    rung
}

fn rung_of(error: &StackError) -> Rung {
    match error {
        StackError::Environment(_) | StackError::Died(_) => Rung::Starts,
        StackError::Connector(why) if why.contains(tcpspec_protocol::OTHER_VERSION) => {
            Rung::Version
        }
        StackError::Connector(_) | StackError::Silent(_) | StackError::Storm(_) => Rung::Hello,
    }
}

/// What `run` means.
pub(super) const RUN: &str = "`run` gives the time up to which to go, counted from `open`; with \
     `\"stop\":\"end\"` the reply's `now` is that time, with `\"first\"` that of the first packet \
     if one leaves before. Nothing else moves time.";

/// What to do about a stack that gives no reply any more.
pub(super) fn advice(error: &StackError) -> &'static str {
    match error {
        StackError::Died(_) => {
            "Send it the lines above by hand, under a debugger or a sanitizer: the last one \
             ended it."
        }
        StackError::Storm(_) => {
            "A packet leads to more packets without end, at one instant: look for a loop that \
             answers its own answers, or a timer that is due at once whenever it was served."
        }
        StackError::Silent(_) => {
            "Answer each line by one line, and flush it. In `run`, see that time goes on from \
             one deadline to the next, and stops."
        }
        StackError::Connector(why) if why.contains(": time ") => RUN,
        StackError::Connector(_) => {
            "The reply breaks the protocol: mend the line that is named. PROTOCOL.md in \
             stacks/protocol says what it may hold."
        }
        StackError::Environment(_) => {
            "The machine withholds something; `tcpspec doctor` says more."
        }
    }
}
