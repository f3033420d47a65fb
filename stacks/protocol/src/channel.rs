//! Lines to and from a stack, with a deadline for each: what is said of the
//! clock of the wall is said here. No thread, no signal, no looking twice.

use std::io;
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::address::Address;
use crate::process::Process;

/// Octets of stderr that are kept.
const TAIL: usize = 4096;

/// Octets asked for at once.
const CHUNK: usize = 1 << 16;

/// Chunks of stderr that are taken in at once: whoever floods it is left to wait,
/// and not listened to for ever.
const SIP: usize = 16;

/// How long a process whose output has ended may take to end itself, and one that
/// does not listen to say why.
const DEATH: Duration = Duration::from_secs(1);

/// Why there is no line.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The other side is gone: how, in words.
    Ended(String),
    /// It says nothing.
    Silent,
    /// Its line is longer than so many octets.
    TooLong(usize),
    /// It said this before it was asked.
    Unasked(String),
    /// It said this after its answer.
    More(String),
    /// The machine does not let us.
    System(io::Error),
}

impl From<Errno> for Trouble {
    fn from(error: Errno) -> Self {
        Self::System(error.into())
    }
}

/// Both ways between the harness and a stack.
///
/// The order of the fields is the order of their ends: a process ends after its
/// input has.
#[derive(Debug)]
pub(crate) struct Channel {
    to: OwnedFd,
    from: OwnedFd,
    stderr: Option<OwnedFd>,
    process: Option<Process>,
    /// What has come: a line that was handed out, and what follows it.
    input: Vec<u8>,
    /// Octets of the line that was handed out.
    used: usize,
    /// The last octets of stderr.
    tail: Vec<u8>,
    longest_line: usize,
}

impl Channel {
    /// Starts the stack's process, or connects to it.
    pub(crate) fn open(
        address: &Address,
        longest_line: usize,
        patience: Duration,
    ) -> io::Result<Self> {
        let (to, from, stderr, process) = match address {
            Address::Exec(_) => {
                let words = address.command().unwrap_or_default();
                let (process, streams) = Process::start(&words)?;
                let stderr = Some(streams.stderr);
                (streams.stdin, streams.stdout, stderr, Some(process))
            }
            Address::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                (stream.try_clone()?.into(), stream.into(), None, None)
            }
            Address::Tcp(to) => {
                let stream = connect(to, patience)?;
                (stream.try_clone()?.into(), stream.into(), None, None)
            }
        };
        for fd in [&to, &from].into_iter().chain(&stderr) {
            rustix::io::ioctl_fionbio(fd, true)?;
        }
        Ok(Self {
            to,
            from,
            stderr,
            process,
            input: Vec::with_capacity(CHUNK),
            used: 0,
            tail: Vec::new(),
            longest_line,
        })
    }

    /// No line may be longer from now on.
    pub(crate) const fn limit(&mut self, longest_line: usize) {
        self.longest_line = longest_line;
    }

    /// Says a line, which ends in a newline, and hears the answer to it.
    pub(crate) fn exchange(&mut self, line: &[u8], patience: Duration) -> Result<&[u8], Trouble> {
        let until = deadline(patience);
        self.expect_silence()?;
        if self.say(line, until)? {
            return self.hear_by(until);
        }
        match self.hear_by(until.min(deadline(DEATH))) {
            Err(Trouble::Silent) => Err(Trouble::Ended("its process closed its input".to_owned())),
            heard => heard,
        }
    }

    /// Hears a line that needs no asking.
    pub(crate) fn hear(&mut self, patience: Duration) -> Result<&[u8], Trouble> {
        self.hear_by(deadline(patience))
    }

    /// Nothing has come that nobody asked for. Gives whether more may come.
    fn expect_silence(&mut self) -> Result<bool, Trouble> {
        self.input.drain(..self.used);
        self.used = 0;
        let goes_on = !self.input.is_empty() || self.read()? != Read::End;
        match self.input.as_slice() {
            [] => Ok(goes_on),
            said => Err(Trouble::Unasked(quoted(said))),
        }
    }

    /// Says a line. Gives whether somebody listens; what whoever does not had to say
    /// before can still be heard.
    fn say(&mut self, mut line: &[u8], until: Instant) -> Result<bool, Trouble> {
        while !line.is_empty() {
            match rustix::io::write(&self.to, line) {
                Ok(written) => line = &line[written..],
                Err(Errno::AGAIN) => {
                    let ended = self.wait(true, until)?;
                    // Whoever speaks before the line has ended was not asked.
                    if ended || !self.expect_silence()? {
                        return Ok(false);
                    }
                }
                Err(Errno::INTR) => {}
                Err(Errno::PIPE | Errno::CONNRESET) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }

    fn hear_by(&mut self, until: Instant) -> Result<&[u8], Trouble> {
        let mut seen = self.used;
        loop {
            let newline = self.input[seen..].iter().position(|octet| *octet == b'\n');
            let len = newline.map_or(self.input.len(), |at| seen + at) - self.used;
            if len > self.longest_line {
                return Err(Trouble::TooLong(self.longest_line));
            }
            if newline.is_some() {
                let line = self.used..self.used + len;
                self.used += len + 1;
                return match &self.input[self.used..] {
                    [] => Ok(&self.input[line]),
                    more => Err(Trouble::More(quoted(more))),
                };
            }
            seen = self.input.len();
            let ended = self.wait(false, until)?;
            match self.read()? {
                Read::Some => {}
                // What its children may have to say is no answer of its own.
                Read::Nothing if !ended => {}
                Read::Nothing | Read::End => return Err(Trouble::Ended(self.end())),
            }
        }
    }

    /// Waits until there is something to read, or until something can be
    /// written, or the process has ended; gives whether it has.
    fn wait(&mut self, write: bool, until: Instant) -> Result<bool, Trouble> {
        loop {
            let (fd, flags) = match write {
                true => (&self.to, PollFlags::OUT),
                false => (&self.from, PollFlags::IN),
            };
            let stderr = self.stderr.as_ref().unwrap_or(fd);
            let end = self.process.as_ref().map(Process::end);
            let mut fds = [
                PollFd::new(&self.from, PollFlags::IN),
                PollFd::new(fd, flags),
                PollFd::new(stderr, PollFlags::IN),
                PollFd::new(end.unwrap_or(fd), PollFlags::IN),
            ];
            let left = until.saturating_duration_since(now());
            let timeout = Timespec::try_from(left).ok();
            match poll(&mut fds, timeout.as_ref()) {
                Ok(0) => return Err(Trouble::Silent),
                Ok(_) => {}
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            let [ready, writable, complains, ended] = fds.map(|fd| !fd.revents().is_empty());
            let ended = ended && end.is_some();
            if complains {
                self.read_stderr();
            }
            if ready || writable || ended {
                return Ok(ended);
            }
            // Complaints are no answer.
            if left.is_zero() {
                return Err(Trouble::Silent);
            }
        }
    }

    /// Takes in what there is.
    fn read(&mut self) -> Result<Read, Trouble> {
        self.input.reserve(CHUNK);
        loop {
            let room = rustix::buffer::spare_capacity(&mut self.input);
            return match rustix::io::read(&self.from, room) {
                Err(Errno::INTR) => continue,
                Ok(0) | Err(Errno::CONNRESET) => Ok(Read::End),
                Ok(_) => Ok(Read::Some),
                Err(Errno::AGAIN) => Ok(Read::Nothing),
                Err(error) => Err(error.into()),
            };
        }
    }

    /// Takes in what there is on stderr, of a flood only a part.
    fn read_stderr(&mut self) {
        for _ in 0..SIP {
            let Some(stderr) = &self.stderr else { return };
            self.tail.reserve(CHUNK);
            let room = rustix::buffer::spare_capacity(&mut self.tail);
            match rustix::io::read(stderr, room) {
                Err(Errno::AGAIN) => return,
                Err(Errno::INTR) => {}
                // Its end is the end of no more than stderr.
                Ok(0) | Err(_) => self.stderr = None,
                Ok(_) => {
                    let over = self.tail.len().saturating_sub(TAIL);
                    self.tail.drain(..over);
                }
            }
        }
    }

    /// How the other side ended, in words.
    fn end(&mut self) -> String {
        let Some(process) = &mut self.process else {
            return "it closed the connection".to_owned();
        };
        let status = process.ended_within(DEATH);
        self.read_stderr();
        match status {
            Some(status) => format!("its process ended, {status},"),
            None => {
                self.lose_patience();
                "its process closed its output".to_owned()
            }
        }
    }

    /// The number of the process that was started.
    pub(crate) fn process(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// The last lines of stderr.
    pub(crate) fn last_words(&mut self) -> Vec<String> {
        self.read_stderr();
        let text = String::from_utf8_lossy(&self.tail);
        let cut = self.tail.len() == TAIL;
        let lines = text.lines().map(str::trim_end);
        lines
            .skip(usize::from(cut))
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// It does not end by itself.
    pub(crate) const fn lose_patience(&mut self) {
        if let Some(process) = &mut self.process {
            process.lose_patience();
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Read {
    Some,
    Nothing,
    End,
}

fn connect(to: &str, patience: Duration) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in std::net::ToSocketAddrs::to_socket_addrs(to)? {
        match TcpStream::connect_timeout(&address, patience) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// The beginning of what was said, for a sentence.
pub(crate) fn quoted(said: &[u8]) -> String {
    /// Characters that are shown.
    const SHOWN: usize = 160;
    let said = said.split(|octet| *octet == b'\n').next().unwrap_or(said);
    let text = String::from_utf8_lossy(&said[..said.len().min(4 * SHOWN)]);
    let visible = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let text: String = text.chars().map(visible).collect();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("`{}`...", &text[..end]),
        None => format!("`{text}`"),
    }
}

/// In so much time; in a year at most, which every clock can say.
fn deadline(patience: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
    now() + patience.min(YEAR)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a deadline by the clock of the wall"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
