//! Logs read, trial by trial: what is wanted of each stays, and a log of a
//! hundred thousand trials takes no more memory than that.

use std::io::{self, BufRead, BufReader, Read, Seek};

use serde::de::DeserializeOwned;

use crate::log::{FORMAT, Header, Line, Log};
use crate::room::TraceRoom;
use crate::trial::Trial;

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file cannot be read.
    #[error("cannot read the log")]
    Io(#[from] io::Error),
    /// A line is not one of the format's.
    #[error("line {line} of the log is not one of format {FORMAT}")]
    Line {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The first line is not a header of this format.
    #[error("the log does not begin with a header of format {FORMAT}")]
    NoHeader,
}

/// A log that is being read. Its iterator gives the lines behind the header.
///
/// A last line that is cut off (the run was killed) is left out.
#[derive(Debug)]
pub struct LogReader<R> {
    lines: Lines<R>,
    header: Header,
}

impl<R: BufRead> LogReader<R> {
    /// Begins with the header.
    ///
    /// # Errors
    ///
    /// [`LogError`].
    pub fn begin(input: R) -> Result<Self, LogError> {
        let mut lines = Lines::of(input);
        let header = match lines.next_line()? {
            Some(Line::Header(header)) if header.format == FORMAT => header,
            _ => return Err(LogError::NoHeader),
        };
        Ok(Self { lines, header })
    }

    /// The first line.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }
}

impl<R: BufRead> Iterator for LogReader<R> {
    type Item = Result<Line, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.lines.next_line().transpose()? {
            Ok(Line::Header(_)) => Some(Err(LogError::NoHeader)),
            line => Some(line),
        }
    }
}

impl Log {
    /// Reads a log whole.
    ///
    /// # Errors
    ///
    /// [`LogError`].
    pub fn read(input: &mut impl BufRead) -> Result<Self, LogError> {
        Self::read_with(input, |_, _| true)
    }

    /// Reads a log to be shown, with as many traces as there is room for.
    ///
    /// # Errors
    ///
    /// [`LogError`].
    pub fn read_within(input: &mut impl BufRead, mut room: TraceRoom) -> Result<Self, LogError> {
        Self::read_with(input, |_, trial| {
            room.fit(trial);
            true
        })
    }

    /// Reads of a log what is wanted: `keep` is given what has been read and
    /// kept so far and the next trial, says whether that stays, and may make it
    /// smaller.
    ///
    /// # Errors
    ///
    /// [`LogError`].
    pub fn read_with(
        input: &mut impl BufRead,
        mut keep: impl FnMut(&Self, &mut Trial) -> bool,
    ) -> Result<Self, LogError> {
        let reader = LogReader::begin(input)?;
        let mut log = Self {
            header: reader.header().clone(),
            cases: Vec::new(),
            trials: Vec::new(),
            footer: None,
        };
        for line in reader {
            match line? {
                Line::Header(_) => return Err(LogError::NoHeader),
                Line::Case(case) => log.cases.push(case),
                Line::Trial(mut trial) => {
                    if keep(&log, &mut trial) {
                        log.trials.push(*trial);
                    }
                }
                Line::Footer(footer) => log.footer = Some(footer),
            }
        }
        Ok(log)
    }
}

/// The lines of a log one by one, of which more or less is looked at.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    input: R,
    octets: u64,
    number: usize,
    text: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub(crate) const fn of(input: R) -> Self {
        Self {
            input,
            octets: 0,
            number: 0,
            text: Vec::new(),
        }
    }

    /// Octets and lines that have been read.
    pub(crate) const fn place(&self) -> (u64, usize) {
        (self.octets, self.number)
    }

    pub(crate) fn next_line<T: DeserializeOwned>(&mut self) -> Result<Option<T>, LogError> {
        self.text.clear();
        self.number += 1;
        let octets = self.input.read_until(b'\n', &mut self.text)?;
        self.octets += octets as u64;
        if octets == 0 {
            return Ok(None);
        }
        match serde_json::from_slice(&self.text) {
            Ok(line) => Ok(Some(line)),
            Err(_) if self.text.last() != Some(&b'\n') => Ok(None),
            Err(source) => Err(LogError::Line {
                line: self.number,
                source,
            }),
        }
    }
}

impl<R: Read + Seek> Lines<BufReader<R>> {
    /// Goes on behind so many octets, which are so many lines.
    pub(crate) fn go_to(&mut self, octets: u64, number: usize) -> io::Result<()> {
        // What lies in the buffer need not be read again.
        let by = i64::try_from(i128::from(octets) - i128::from(self.octets));
        self.input.seek_relative(by.map_err(io::Error::other)?)?;
        (self.octets, self.number) = (octets, number);
        Ok(())
    }
}
