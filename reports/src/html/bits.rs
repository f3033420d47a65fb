//! Small pieces that all sections share: marks, badges, anchors.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use maud::{Markup, html};
use tcpspec_record::{IpVersion, Isn, Level, Tally, Trial, Verdict};

use crate::model::{Judgement, Play};

/// Characters of one text that a page shows; what a stack says may be endless.
const TEXT_MAX: usize = 2_000;

/// A text, cut if it is endless.
pub(super) fn text(text: &str) -> Markup {
    match text.char_indices().nth(TEXT_MAX) {
        Some((end, _)) => html! { (text[..end]) " ... (" (text.len()) " octets in the log)" },
        None => html! { (text) },
    }
}

/// A verdict's sign; colour never stands alone.
pub(super) const fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Crash => "\u{2739}",
        Verdict::Stuck => "\u{221e}",
        Verdict::Fail => "\u{2717}",
        Verdict::Deviates => "\u{2248}",
        Verdict::Blocked => "\u{2298}",
        Verdict::Inconclusive => "?",
        Verdict::Skip => "\u{2013}",
        Verdict::Pass => "\u{2713}",
    }
}

/// A verdict as a badge: sign and word.
pub(super) fn badge(verdict: Verdict, known: bool) -> Markup {
    html! {
        span class={"badge v-" (verdict.word())} {
            (sign(verdict)) " " @if known { "known " } (verdict.word())
        }
    }
}

/// The badge of a play.
pub(super) fn play_badge(play: &Play<'_>) -> Markup {
    badge(play.verdict(), play.trial().known.is_some())
}

/// The counts of a tally that are not zero, each with sign and word.
pub(super) fn counts(tally: &Tally) -> Markup {
    html! {
        @for verdict in READING_ORDER {
            @let count = tally.of(verdict);
            @if count > 0 {
                span class={"count v-" (verdict.word())} {
                    (sign(verdict)) " " b { (count) } " " (verdict.word())
                }
            }
        }
        @if tally.known > 0 { span class="count" { "of these " b { (tally.known) } " known" } }
    }
}

/// The counts of a tally in little room: signs, which a legend explains. One of
/// what passed, as most are, has no class of its own.
pub(super) fn short_counts(tally: &Tally) -> Markup {
    html! {
        @for verdict in READING_ORDER {
            @let count = tally.of(verdict);
            @if count > 0 {
                b class=[(verdict != Verdict::Pass).then(|| format!("v-{}", verdict.word()))] { (count) (sign(verdict)) }
            }
        }
    }
}

/// Shares of a tally as a bar; its numbers always stand beside it.
pub(super) fn bar(tally: &Tally) -> Markup {
    html! {
        div.bar aria-hidden="true" {
            @for verdict in READING_ORDER {
                @let count = tally.of(verdict);
                @if count > 0 {
                    i class={"v-" (verdict.word())} style={"flex:" (count)} {}
                }
            }
        }
    }
}

/// The verdicts in the order in which counts are read.
pub(super) const READING_ORDER: [Verdict; 8] = [
    Verdict::Pass,
    Verdict::Deviates,
    Verdict::Fail,
    Verdict::Crash,
    Verdict::Stuck,
    Verdict::Blocked,
    Verdict::Inconclusive,
    Verdict::Skip,
];

/// A requirement's standing: class, sign and word.
pub(super) const fn judgement(judgement: Judgement) -> (&'static str, &'static str, &'static str) {
    match judgement {
        Judgement::Broken => ("v-fail", "\u{2717}", "broken"),
        Judgement::Known => ("v-deviates", "\u{2717}", "known"),
        Judgement::Deviates => ("v-deviates", "\u{2248}", "deviates"),
        Judgement::Met => ("v-pass", "\u{2713}", "met"),
        Judgement::Open => ("v-skip", "\u{2013}", "not decided"),
    }
}

/// A level as a label.
pub(super) fn level(level: Level) -> Markup {
    html! { i { (level) } }
}

/// The trials of a play: `bundled IPv4 IPv6, linux IPv4`.
pub(super) fn who(trials: &[&Trial]) -> String {
    let mut by_stack: BTreeMap<&str, BTreeMap<(IpVersion, Isn), usize>> = BTreeMap::new();
    for trial in trials {
        let by_ip = by_stack.entry(&trial.id.stack).or_default();
        *by_ip.entry((trial.id.ip, trial.id.isn)).or_default() += 1;
    }
    let stack = |(stack, by_ip): (&str, BTreeMap<_, _>)| {
        let runs = by_ip.into_iter().map(|((ip, isn), count)| {
            let wraps = match isn {
                Isn::Random => "",
                Isn::Wrap => " wrapping",
            };
            match count {
                1 => format!(" IPv{ip}{wraps}"),
                _ => format!(" IPv{ip}{wraps} ({count} seeds)"),
            }
        });
        format!("{stack}{}", runs.collect::<String>())
    };
    let stacks: Vec<_> = by_stack.into_iter().map(stack).collect();
    stacks.join(", ")
}

/// An anchor that never changes while the id does not, and that is the same
/// in an `id` and behind a `#`.
pub(super) fn anchor(kind: &str, id: &str) -> String {
    let mut anchor = format!("{kind}-");
    for c in id.chars() {
        if c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '/' | ':' | '@' | '=' | ',') {
            anchor.push(c);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(anchor, "_{:x}_", u32::from(c));
        }
    }
    anchor
}

/// A link to a case, a requirement or a group of this page.
pub(super) fn link(kind: &str, id: &str) -> Markup {
    html! { a href={"#" (anchor(kind, id))} { (id) } }
}

/// The address of the cases that these keys select; see `keys`.
pub(super) fn cases(keys: &[(&str, &str)]) -> String {
    let mut address = "#cases".to_owned();
    for (at, (key, value)) in keys.iter().enumerate() {
        let mark = if at == 0 { '?' } else { '&' };
        // Writing to a String cannot fail, here and below.
        let _ = write!(address, "{mark}{key}=");
        for octet in value.bytes() {
            if octet.is_ascii_alphanumeric() || b"-_.~:/+".contains(&octet) {
                address.push(char::from(octet));
            } else {
                let _ = write!(address, "%{octet:02X}");
            }
        }
    }
    address
}

/// `1 trial`, `2 trials`.
pub(super) fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}
