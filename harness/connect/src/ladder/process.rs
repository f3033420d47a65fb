//! The rungs that are about the process: what it holds, its clock, its seed.

use std::time::Duration;

use tcpspec_connector::{Next, Stop as Until};
use tcpspec_wire::Instant;

use super::talk::Talk;
use super::{Climbed, Stop, verbs};
use crate::footprint::Footprint;

/// Connections opened and closed in a row.
const ROUNDS: u16 = 200;
/// How often so many may take more memory than the last, as an allocator or a
/// collector of garbage does; a leak does each time.
const SERIES: u16 = 4;
/// KiB that a series may add and be no leak: a connection is hardly smaller than
/// a fifth of a KiB.
const SPARE_MEMORY: u64 = 40;
/// Files that a series may add.
const SPARE_FILES: usize = 10;

pub(super) fn leaks(talk: &mut Talk) -> Climbed {
    talk.open()?;
    talk.listen()?;
    rounds(talk, 0)?;
    let before = talk.client.process().and_then(Footprint::of);
    let Some(mut before) = before else {
        let why =
            "200 rounds are through; what it holds is not to be seen, for it is no process of ours";
        return Err(Stop::Skipped(why.to_owned()));
    };
    let mut grown = Vec::new();
    for series in 1..=SERIES {
        rounds(talk, series)?;
        let Some(after) = talk.client.process().and_then(Footprint::of) else {
            return Err(Stop::Skipped(
                "what it holds is not told any more".to_owned(),
            ));
        };
        if after.memory <= before.memory + SPARE_MEMORY && after.files <= before.files + SPARE_FILES
        {
            return Ok(format!("{} KiB, {} files", after.memory, after.files));
        }
        grown.push(format!(
            "from {} KiB and {} files to {} KiB and {} files",
            before.memory, before.files, after.memory, after.files
        ));
        before = after;
    }
    Err(Stop::breaks(
        format!(
            "each {ROUNDS} connections add to what it holds: {}",
            grown.join(", then ")
        ),
        "A connection that is closed and has no name any more has to be freed, with its buffers; \
         a leak sanitizer or valgrind shows where it was made.",
    ))
}

/// Connections that are opened, used, and closed by the peer first, so that
/// nothing of them is left in TIME-WAIT.
fn rounds(talk: &mut Talk, series: u16) -> Result<(), Stop> {
    let first = 41_000 + series * ROUNDS;
    for port in first..first + ROUNDS {
        let (mut peer, handle) = verbs::connection(talk, port)?;
        verbs::exchange(talk, &mut peer, &handle)?;
        verbs::close(talk, &mut peer, &handle)?;
        talk.came.clear();
    }
    Ok(())
}

pub(super) fn clock(talk: &mut Talk) -> Climbed {
    talk.open()?;
    let pause = match talk.is_virtual() {
        true => Duration::from_secs(1),
        false => Duration::from_millis(200),
    };
    let until = talk.now + pause;
    talk.run(until, Until::AtEnd)?;
    if talk.now < until {
        return Err(Stop::breaks(
            format!("told to let time pass until {until}, it is at {}", talk.now),
            super::start::RUN,
        ));
    }
    if !talk.is_virtual() {
        return Ok("real".to_owned());
    }
    foretells(talk)?;
    talk.run(talk.now + Duration::from_secs(3600), Until::AtEnd)?;
    Ok("an hour goes by".to_owned())
}

/// What it says of its next deadline is true: nothing comes before, and the run
/// ends where something comes.
fn foretells(talk: &mut Talk) -> Result<(), Stop> {
    talk.listen()?;
    verbs::half_open(talk, 40_003)?;
    talk.came.clear();
    let (said, began) = (talk.next, talk.now);
    let quiet_until = match said {
        Next::At(at) if at > began => Instant::from_nanos(at.as_nanos() - 1),
        Next::At(at) => {
            return Err(Stop::breaks(
                format!("it is {began}, and its `next` is {at}"),
                "Do what is due before you reply: `next` lies ahead of `now`.",
            ));
        }
        Next::Never => began + Duration::from_secs(60),
        Next::Unknown => return Ok(()),
    };
    talk.run(quiet_until, Until::FirstPacket)?;
    if !talk.came.is_empty() {
        let before = match said {
            Next::At(at) => format!("its `next` was {at}"),
            Next::Never | Next::Unknown => "its `next` was null".to_owned(),
        };
        return Err(Stop::breaks(
            format!("{before}, and a packet left at {}", talk.now),
            "`next` is the earliest deadline of all timers; null only where none runs; leave it \
             out if you do not know.",
        ));
    }
    Ok(())
}

pub(super) fn seed(talk: &mut Talk) -> Climbed {
    if !talk.is_virtual() {
        let why = "its clock is real, so its times never are the same";
        return Err(Stop::Skipped(why.to_owned()));
    }
    let (first, second) = (played(talk)?, played(talk)?);
    let differs = first.iter().zip(&second).find(|(one, other)| one != other);
    match differs {
        None if first.len() == second.len() => Ok(format!("{} lines", first.len())),
        None => Err(told_apart("one is longer than the other")),
        Some((one, other)) => Err(told_apart(&format!("{one} is {other} the second time"))),
    }
}

fn told_apart(how: &str) -> Stop {
    Stop::breaks(
        format!("the same requests with the same seed got other replies: {how}"),
        "Draw all that is random (initial numbers, ports) from the seed in `open`, read no clock \
         but that of the protocol, and let nothing depend on addresses in memory.",
    )
}

/// The lines of a conversation that ends in a lost answer.
fn played(talk: &mut Talk) -> Result<Vec<String>, Stop> {
    talk.open()?;
    talk.listen()?;
    let (mut peer, handle) = verbs::connection(talk, 40_004)?;
    verbs::exchange(talk, &mut peer, &handle)?;
    verbs::close(talk, &mut peer, &handle)?;
    verbs::half_open(talk, 40_005)?;
    talk.run(talk.now + Duration::from_secs(30), Until::AtEnd)?;
    let lines = talk.client.transcript().lines.into_iter();
    Ok(lines
        .skip_while(|line| !line.starts_with("> {\"open\""))
        .collect())
}
