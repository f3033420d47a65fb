//! ICMP errors: `KIND [quote=] [from=] [mtu=|pointer=] [seq=] [sport=] [dport=]
//! [len=]`. A kind is named as ICMP names it; on IPv6 it stands for what means
//! the same there.

use tcpspec_wire::icmp::Report;

use super::field::read_value;
use super::segment::one_line;
use super::words::{Word, words};
use super::{LabelKind, Reading, Wanted};
use crate::diagnostic::{Code, Fault};
use crate::expr::Expr;
use crate::icmp::{IcmpTemplate, Quote, Reporter};

/// Reads an ICMP error.
pub(crate) fn read_icmp(text: &str, reading: &mut Reading<'_>) -> IcmpTemplate {
    let words = words(text);
    let name: Vec<Word<'_>> = words
        .iter()
        .copied()
        .take_while(|word| word.field().is_none())
        .collect();
    let mut error = IcmpTemplate {
        report: Report::PortUnreachable,
        quote: Quote::Last,
        reporter: Reporter::Peer,
        seq: None,
        source_port: None,
        destination_port: None,
        len: None,
        text: one_line(text),
    };
    let kind = read_kind(text, &name, reading);
    let mut seen: Vec<&str> = Vec::new();
    let mut parameter = None;
    for word in &words[name.len()..] {
        let Some((field, value)) = word.field() else {
            let fault = Fault::new(Code::IcmpField, word.span(), "the kind comes first");
            reading.fault(fault.help("write `KIND quote=...`"));
            continue;
        };
        if seen.contains(&field.text) {
            let message = format!("`{}` stands twice", field.text);
            reading.fault(Fault::new(Code::Twice, field.span(), message).help("keep one of them"));
            continue;
        }
        seen.push(field.text);
        match field.text {
            "mtu" | "pointer" => parameter = Some((field, value)),
            _ => error.read_field(field, value, reading),
        }
    }
    if let Some((kind, span)) = kind {
        error.report = kind.report(parameter, span, reading);
    }
    error
}

/// A kind of error, before its parameter is known.
#[derive(Clone, Copy)]
enum Kind {
    Plain(Report),
    TooBig,
    BadParameter,
}

/// Every kind by its name. `packet-too-big` is what RFC 4443 calls it.
const KINDS: [(&str, Kind); 12] = [
    ("unreachable net", Kind::Plain(Report::NetUnreachable)),
    ("unreachable host", Kind::Plain(Report::HostUnreachable)),
    (
        "unreachable protocol",
        Kind::Plain(Report::ProtocolUnreachable),
    ),
    ("unreachable port", Kind::Plain(Report::PortUnreachable)),
    ("unreachable frag-needed", Kind::TooBig),
    (
        "unreachable source-route",
        Kind::Plain(Report::SourceRouteFailed),
    ),
    ("unreachable admin", Kind::Plain(Report::AdminProhibited)),
    ("packet-too-big", Kind::TooBig),
    ("time-exceeded ttl", Kind::Plain(Report::TimeExceeded)),
    (
        "time-exceeded reassembly",
        Kind::Plain(Report::ReassemblyTimeExceeded),
    ),
    ("parameter-problem", Kind::BadParameter),
    ("source-quench", Kind::Plain(Report::SourceQuench)),
];

const FIELD_NAMES: [&str; 8] = [
    "quote", "from", "mtu", "pointer", "seq", "sport", "dport", "len",
];

type Span = std::ops::Range<usize>;

fn read_kind(text: &str, name: &[Word<'_>], reading: &mut Reading<'_>) -> Option<(Kind, Span)> {
    let (Some(first), Some(last)) = (name.first(), name.last()) else {
        let fault = Fault::new(
            Code::UnknownIcmp,
            0..text.len(),
            "the kind of error is missing",
        );
        reading.fault(fault.help(format!("begin with one of {}", names().join(", "))));
        return None;
    };
    let span = first.at..last.span().end;
    let said: Vec<&str> = name.iter().map(|word| word.text).collect();
    let said = said.join(" ");
    let Some((_, kind)) = KINDS.iter().find(|(known, _)| *known == said) else {
        let message = format!("`{said}` is not a kind of ICMP error");
        let fault = Fault::new(Code::UnknownIcmp, span, message);
        reading.fault(fault.suggest(&said, names()));
        return None;
    };
    Some((*kind, span))
}

fn names() -> Vec<&'static str> {
    KINDS.iter().map(|(name, _)| *name).collect()
}

impl Kind {
    /// The error with its parameter: complains of one that the kind lacks or
    /// does not take.
    fn report(
        self,
        parameter: Option<(Word<'_>, Word<'_>)>,
        span: Span,
        reading: &mut Reading<'_>,
    ) -> Report {
        let (wanted, most) = match self {
            Self::Plain(_) => ("", 0),
            // The widest that both versions have room for.
            Self::TooBig => ("mtu", u16::MAX.into()),
            Self::BadParameter => ("pointer", u8::MAX.into()),
        };
        let value = match parameter {
            Some((field, value)) if field.text == wanted => number(value, most, reading),
            Some((field, _)) => {
                let message = format!("this kind of error has no `{}`", field.text);
                let fault = Fault::new(Code::IcmpField, field.span(), message);
                reading.fault(fault.help("leave it out"));
                0
            }
            None if wanted.is_empty() => 0,
            None => {
                let message = format!("this kind of error needs `{wanted}=`");
                let fault = Fault::new(Code::IcmpField, span, message);
                reading.fault(fault.help(format!("add `{wanted}=N`")));
                0
            }
        };
        match self {
            Self::Plain(report) => report,
            Self::TooBig => Report::PacketTooBig { mtu: value },
            Self::BadParameter => Report::ParameterProblem { pointer: value },
        }
    }
}

impl IcmpTemplate {
    fn read_field(&mut self, field: Word<'_>, value: Word<'_>, reading: &mut Reading<'_>) {
        match field.text {
            "quote" => self.quote = read_quote(value, reading),
            "from" => self.reporter = read_reporter(value, reading),
            "seq" => {
                self.seq = Some(reading.part(value.at, |reading| {
                    read_value(value.text, Wanted::Sequence, reading)
                }));
            }
            "sport" => self.source_port = port(value, reading),
            "dport" => self.destination_port = port(value, reading),
            "len" => self.len = port(value, reading),
            other => {
                let message = format!("`{other}` is not a field of an ICMP error");
                let fault = Fault::new(Code::IcmpField, field.span(), message);
                reading.fault(fault.suggest(other, FIELD_NAMES));
            }
        }
    }
}

fn read_quote(value: Word<'_>, reading: &mut Reading<'_>) -> Quote {
    if value.text == "last" {
        return Quote::Last;
    }
    let fault = match reading.labels.get(value.text) {
        Some(LabelKind::Sut) => return Quote::Label(value.text.to_owned()),
        Some(LabelKind::Peer) => "an error is about what the stack sent, not the peer".to_owned(),
        Some(LabelKind::Moment) => format!("`{}` is a moment and no segment", value.text),
        None => format!("no step before this one is labelled `{}`", value.text),
    };
    let of_sut = |(_, kind): &(&String, &LabelKind)| **kind == LabelKind::Sut;
    let known: Vec<&str> = reading
        .labels
        .iter()
        .filter(of_sut)
        .map(|(label, _)| label.as_str())
        .chain(["last"])
        .collect();
    let fault = Fault::new(Code::IcmpQuote, value.span(), fault).suggest(value.text, known);
    reading.fault(fault);
    Quote::Last
}

fn read_reporter(value: Word<'_>, reading: &mut Reading<'_>) -> Reporter {
    match value.text {
        "peer" => Reporter::Peer,
        "router" => Reporter::Router,
        other => {
            let message = format!("an error does not come from `{other}`");
            let fault = Fault::new(Code::IcmpField, value.span(), message);
            reading.fault(fault.suggest(other, ["peer", "router"]));
            Reporter::Peer
        }
    }
}

fn port(value: Word<'_>, reading: &mut Reading<'_>) -> Option<u16> {
    u16::try_from(number(value, u16::MAX.into(), reading)).ok()
}

/// A number that is written out.
fn number(value: Word<'_>, most: i64, reading: &mut Reading<'_>) -> u32 {
    let read = reading.part(value.at, |reading| {
        read_value(value.text, Wanted::Count(most), reading)
    });
    if let Expr::Number(number) = read {
        return u32::try_from(number).unwrap_or(0);
    }
    let fault = Fault::new(Code::IcmpField, value.span(), "a plain number belongs here");
    reading.fault(fault.help("write digits: no symbols here"));
    0
}
