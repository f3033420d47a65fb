//! What crossed the link in a variant's trials, as a pcapng capture for
//! Wireshark and its kin: an interface for each trial, the verdicts on the
//! section, and on each packet the step it belongs to.
//!
//! Time stamps are the trial's own clock, in nanoseconds since the stack was
//! opened. The octets come from the log, so a capture can be made again from
//! it. Left out: which file a capture goes to, but for its name.

mod block;

use tcpspec_record::{Event, Side, TraceEvent, Trial, trace::Taken};

use crate::model::{Report, Steps, Variant, repro};
use block::{Block, Direction};

/// The trials of one variant that need an explanation.
#[derive(Clone, Debug)]
pub struct Capture<'a> {
    variant: &'a Variant<'a>,
    trials: Vec<&'a Trial>,
}

/// The captures of a report: one for each variant with a trial that has
/// packets and needs an explanation.
#[must_use]
pub fn captures<'a>(report: &'a Report<'a>) -> Vec<Capture<'a>> {
    report.variants().filter_map(Capture::of).collect()
}

/// Where the capture of a trial lies below the report's directory, if there is
/// one: `captures/reset/in-closing@at=left.pcapng`.
#[must_use]
pub fn path_of(report: &Report<'_>, trial: &Trial) -> Option<String> {
    let variant = report.variant_of(trial)?;
    let captured = trials(variant).iter().any(|each| each.id == trial.id);
    captured.then(|| path(&variant.id()))
}

impl<'a> Capture<'a> {
    /// The capture of a variant, if there is anything to capture.
    #[must_use]
    pub fn of(variant: &'a Variant<'a>) -> Option<Self> {
        let trials = trials(variant);
        (!trials.is_empty()).then_some(Self { variant, trials })
    }

    /// Where it lies below the report's directory.
    #[must_use]
    pub fn path(&self) -> String {
        path(&self.variant.id())
    }

    /// The file.
    #[must_use]
    pub fn render(&self, tool: &str) -> Vec<u8> {
        let steps = self.variant.steps();
        let mut file = Vec::new();
        Block::section(tool, &self.verdicts()).write(&mut file);
        for trial in &self.trials {
            let name = format!("{} {}", trial.id.stack, trial.id.dimensions());
            Block::interface(&name, &repro(trial), &verdict(trial)).write(&mut file);
        }
        for (interface, trial) in (0..).zip(&self.trials) {
            for event in &trial.trace {
                if let Some(block) = packet(interface, trial, event, steps) {
                    block.write(&mut file);
                }
            }
        }
        file
    }

    /// The variant, then a line for each trial.
    fn verdicts(&self) -> String {
        let line = |trial: &&Trial| {
            let (stack, dimensions) = (&trial.id.stack, trial.id.dimensions());
            format!("{stack} {dimensions}: {}", verdict(trial))
        };
        let lines = self.trials.iter().map(line);
        let head = format!("{}: {}", self.variant.id(), self.variant.info.title);
        let all: Vec<String> = std::iter::once(head).chain(lines).collect();
        all.join("\n")
    }
}

fn trials<'a>(variant: &Variant<'a>) -> Vec<&'a Trial> {
    let plays = variant.plays.iter();
    let told = plays.filter(|play| play.needs_explanation());
    let trials = told.flat_map(|play| play.trials.iter().copied());
    trials.filter(|trial| has_packets(trial)).collect()
}

fn has_packets(trial: &Trial) -> bool {
    let is_packet = |event: &TraceEvent| matches!(event.event, Event::Packet { .. });
    trial.trace.iter().any(is_packet)
}

fn verdict(trial: &Trial) -> String {
    let known = trial.known.as_ref();
    let known = known.map_or_else(String::new, |reason| format!(" Known: {reason}"));
    format!("{}. {}{known}", trial.verdict, trial.reason)
}

fn packet(interface: u32, trial: &Trial, event: &TraceEvent, steps: Steps<'_>) -> Option<Block> {
    let (from, text, octets, taken, note, did) = match &event.event {
        Event::Packet {
            from,
            text,
            octets,
            taken,
            note,
            late,
        } => {
            let did = late.then(|| "comes out of the link".to_owned());
            (from, text, octets, taken, note, did)
        }
        Event::Wire {
            from,
            text,
            octets,
            did,
            note,
        } => (
            from,
            text,
            octets,
            &None,
            note,
            Some(format!("the link: {did}")),
        ),
        Event::Expected { .. }
        | Event::App { .. }
        | Event::State { .. }
        | Event::Reason { .. }
        | Event::Wait { .. } => return None,
    };
    let mut comments = vec![step(event.step, steps)];
    // A log may be anybody's: what is no hex is told and not guessed.
    let octets = unhex(octets).unwrap_or_else(|| {
        comments.push(format!("the log does not tell the octets of {text}"));
        Vec::new()
    });
    comments.extend(note.clone());
    comments.extend(did);
    if *taken == Some(Taken::Refused) {
        comments.push(verdict(trial));
        let expected = trial.failure.iter().flat_map(|failure| &failure.expected);
        comments.extend(expected.map(|text| format!("allowed: {text}")));
    }
    let direction = match from {
        Side::Peer => Direction::Outbound,
        Side::Sut => Direction::Inbound,
    };
    let comments = comments.join("\n");
    Some(Block::packet(
        interface, event.at, &octets, direction, &comments,
    ))
}

/// `step 6 of 12: sut: ACK seq=2 ack=2`.
fn step(number: usize, steps: Steps<'_>) -> String {
    let position = steps.position(number);
    match steps.get(number) {
        Some(step) => format!("{position}: {}", step.text),
        None => position.into_owned(),
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| char::from(c).to_digit(16).map(|digit| digit as u8);
    let (pairs, odd) = text.as_bytes().as_chunks();
    let octet = |[high, low]: &[u8; 2]| Some((digit(*high)? << 4) | digit(*low)?);
    let octets = pairs.iter().map(octet).collect::<Option<Vec<u8>>>();
    octets.filter(|_| odd.is_empty())
}

/// A log may be anybody's: no name in it leads out of the directory.
fn path(variant: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.@=,+".contains(c);
    let part = |part: &str| -> String {
        let part = part.chars().map(|c| if plain(c) { c } else { '_' });
        let part: String = part.take(PART_MAX).collect();
        match part.trim_start_matches('.') {
            "" => "_".to_owned(),
            visible => visible.to_owned(),
        }
    };
    let parts: Vec<String> = variant.split('/').map(part).collect();
    format!("{DIR}/{}.pcapng", parts.join("/"))
}

/// The directory of the captures.
pub const DIR: &str = "captures";

/// Characters of one part of a file's name.
const PART_MAX: usize = 200;
