//! What can be typed, read.

use std::str::FromStr;
use std::time::Duration;

use tcpspec_connector::call::Call;
use tcpspec_wire::text::Number;

use super::{connection, listener};
use crate::peer::PORT;

/// Octets that `recv` takes where nobody says how many.
const MOST: usize = 65_535;

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Nothing,
    Help,
    Quit,
    Open,
    State,
    Listen(u16),
    Connect,
    Call(Call),
    /// A segment of the peer, as text.
    Peer(String),
    Run(Duration),
    Leap(Duration),
}

impl FromStr for Command {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let line = line.trim();
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        let handle = connection();
        let command = match (verb, rest) {
            ("", _) => Self::Nothing,
            _ if verb.starts_with('#') => Self::Nothing,
            ("peer", segment) if !segment.is_empty() => Self::Peer(segment.to_owned()),
            ("send", text) if !text.is_empty() => Self::Call(Call::Send {
                handle,
                data: text_of(text)?,
            }),
            ("listen", port) => Self::Listen(number(port, PORT)?),
            ("recv", most) => Self::Call(Call::Recv {
                handle,
                max: number(most, MOST)?,
            }),
            ("run", time) => Self::Run(duration(time)?),
            ("leap", time) => Self::Leap(duration(time)?),
            ("close", "listener") => Self::Call(Call::Close { handle: listener() }),
            ("help", "") => Self::Help,
            ("quit" | "exit", "") => Self::Quit,
            ("open", "") => Self::Open,
            ("state", "") => Self::State,
            ("connect", "") => Self::Connect,
            ("accept", "") => Self::Call(Call::Accept {
                handle: listener(),
                new: handle,
            }),
            ("shutdown", "") => Self::Call(Call::Shutdown { handle }),
            ("close", "") => Self::Call(Call::Close { handle }),
            ("abort", "") => Self::Call(Call::Abort { handle }),
            ("die", "") => Self::Call(Call::Die),
            _ => return Err(format!("`{line}` is no command")),
        };
        Ok(command)
    }
}

/// A number, or what stands for none.
fn number<T: FromStr>(text: &str, otherwise: T) -> Result<T, String> {
    if text.is_empty() {
        return Ok(otherwise);
    }
    text.parse()
        .map_err(|_| format!("`{text}` is no such number"))
}

/// Text to be sent: as it stands, in quotes, or so many octets.
fn text_of(text: &str) -> Result<Vec<u8>, String> {
    if let Some(len) = text.strip_prefix("len=") {
        let len: u16 = number(len, 0)?;
        return Ok(vec![b'x'; usize::from(len)]);
    }
    let inner = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    Ok(inner.unwrap_or(text).as_bytes().to_vec())
}

/// `200ms`, `1s`, `2min`.
fn duration(text: &str) -> Result<Duration, String> {
    const UNITS: [(&str, u64); 5] = [
        ("us", 1_000),
        ("ms", 1_000_000),
        ("min", 60_000_000_000),
        ("s", 1_000_000_000),
        ("h", 3_600_000_000_000),
    ];
    let read = UNITS.iter().find_map(|(unit, nanos)| {
        let count: u64 = text.strip_suffix(unit)?.parse().ok()?;
        count.checked_mul(*nanos)
    });
    read.map(Duration::from_nanos)
        .ok_or_else(|| format!("`{text}` is no duration: write 200ms, 1s, 2min"))
}

/// The text of a segment without `data="..."`, and the octets that it gives.
pub(super) fn without_data(text: &str) -> (String, Option<Vec<u8>>) {
    let found = text.split_once("data=\"").and_then(|(before, rest)| {
        let (data, after) = rest.split_once('"')?;
        Some((format!("{before}{after}"), data.as_bytes().to_vec()))
    });
    match found {
        Some((text, data)) => (text, Some(data)),
        None => (text.to_owned(), None),
    }
}

/// The text of a segment with all that it leaves out.
pub(super) fn completed(text: &str, (seq, ack): (Number, Number)) -> String {
    let (head, options) = text.split_at(text.find('<').unwrap_or(text.len()));
    let says = |field: &str| head.split_whitespace().any(|word| word.starts_with(field));
    let flags = head.split_whitespace().next().unwrap_or_default();
    let has = |name: &str| flags.split('+').any(|flag| flag == name);
    let mut all = head.trim_end().to_owned();
    if !says("seq=") {
        all += &format!(" seq={seq}");
    }
    if has("ACK") && !says("ack=") {
        all += &format!(" ack={ack}");
    }
    if !says("win=") {
        all += " win=65535";
    }
    match options {
        "" if has("SYN") => all + " <mss=1460>",
        _ => format!("{all} {options}").trim_end().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::empty("", Ok(Command::Nothing))]
    #[case::remark("# no more", Ok(Command::Nothing))]
    #[case::listen("listen", Ok(Command::Listen(80)))]
    #[case::port(" listen  81 ", Ok(Command::Listen(81)))]
    #[case::send(r#"send "a b""#, Ok(Command::Call(Call::Send { handle: connection(), data: b"a b".to_vec() })))]
    #[case::octets("send len=3", Ok(Command::Call(Call::Send { handle: connection(), data: b"xxx".to_vec() })))]
    #[case::run("run 2min", Ok(Command::Run(Duration::from_secs(120))))]
    #[case::moment("run 1500us", Ok(Command::Run(Duration::from_micros(1500))))]
    #[case::listener("close listener", Ok(Command::Call(Call::Close { handle: listener() })))]
    #[case::no_verb("dance", Err("`dance` is no command"))]
    #[case::no_text("send", Err("`send` is no command"))]
    #[case::no_port("listen http", Err("`http` is no such number"))]
    #[case::no_unit("run 5", Err("`5` is no duration: write 200ms, 1s, 2min"))]
    fn line_is_read(#[case] line: &str, #[case] expected: Result<Command, &str>) {
        assert_eq!(line.parse(), expected.map_err(str::to_owned));
    }

    #[rstest]
    #[case::syn("SYN", "SYN seq=7 win=65535 <mss=1460>")]
    #[case::own_option("SYN <mss=536>", "SYN seq=7 win=65535 <mss=536>")]
    #[case::ack("ACK win=0", "ACK win=0 seq=7 ack=9")]
    #[case::all("RST+ACK seq=1 ack=2 win=3", "RST+ACK seq=1 ack=2 win=3")]
    fn what_is_left_out_is_due(#[case] text: &str, #[case] expected: &str) {
        let due = (Number::Relative(7), Number::Relative(9));
        assert_eq!(completed(text, due), expected);
    }
}
