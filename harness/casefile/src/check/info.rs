//! `sut-info:` what the stack shows of itself, name by name.

use crate::diagnostic::{Code, Fault};
use crate::grammar::{Labels, Reading, Wanted, read_match};
use crate::phrase::Texts;
use crate::raw::{Entries, Placed, Text};
use crate::step::InfoCheck;

/// What a `sut-info:` step asks for.
pub(super) fn info_checks(
    info: &Placed<Entries<Text>>,
    labels: &Labels,
    texts: Texts<'_>,
) -> Vec<InfoCheck> {
    let Placed { node, value } = info;
    let Entries(entries) = value;
    if entries.is_empty() {
        let fault = Fault::new(Code::Empty, 0..0, "there is nothing to look at here");
        let help = "write `sut-info: {NAME: VALUE}`";
        texts
            .document
            .complain_at(*node, fault.help(help), texts.sink);
    }
    entries
        .iter()
        .map(|(name, allowed)| check(*name, *allowed, labels, texts))
        .collect()
}

fn check(name: Text, allowed: Text, labels: &Labels, texts: Texts<'_>) -> InfoCheck {
    let name = texts.phrase(name);
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.text.is_empty() || !name.text.chars().all(fits) {
        let message = format!("`{}` cannot be the name of a counter", name.text);
        let fault = Fault::new(Code::Name, 0..name.text.len(), message);
        texts.complain(
            &name,
            fault.help("write it as the stack does, as in `tcp.retransmits`"),
        );
    }
    let phrase = texts.phrase(allowed);
    let grown = phrase.text.strip_prefix('+');
    let skipped = phrase.text.len() - grown.map_or(phrase.text.len(), str::len);
    let mut reading = Reading::new(labels);
    let wanted = Wanted::Count(i64::MAX);
    let allowed = read_match(grown.unwrap_or(&phrase.text), wanted, &mut reading);
    for fault in reading.faults {
        texts.complain(&phrase, fault.shifted(skipped));
    }
    InfoCheck {
        name: name.text,
        since_begin: grown.is_some(),
        allowed,
        text: phrase.text,
    }
}
