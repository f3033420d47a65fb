//! Any [`StackUnderTest`] as a v1 process.

use std::io::{self, BufRead, Write};

use tcpspec_connector::{CallError, Reply, StackError, StackUnderTest};
use tcpspec_wire::{Capability, Instant};

use crate::declaration::HelloLine;
use crate::reply::ReplyLine;
use crate::request::{BadRequest, Request, RequestLine};

/// Why a stack is served no more.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The harness cannot be read from or written to.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The stack has died, and there is no answer.
    #[error(transparent)]
    Stack(StackError),
}

/// Says hello for a stack, and then does what it is asked until nobody asks any
/// more.
///
/// # Errors
///
/// [`ServeError`].
pub fn serve(
    stack: &mut dyn StackUnderTest,
    mut input: impl BufRead,
    mut output: impl Write,
) -> Result<(), ServeError> {
    let mut line = serde_json::to_vec(&HelloLine::from(stack.hello())).map_err(io::Error::from)?;
    let mut server = Server {
        stack,
        now: Instant::ZERO,
        queue: Vec::new(),
    };
    let mut asked = Vec::new();
    loop {
        line.push(b'\n');
        output.write_all(&line)?;
        output.flush()?;
        asked.clear();
        if input.read_until(b'\n', &mut asked)? == 0 {
            return Ok(());
        }
        let reply = server.answer(&asked).map_err(ServeError::Stack)?;
        line.clear();
        serde_json::to_writer(&mut line, &reply).map_err(io::Error::from)?;
    }
}

struct Server<'a> {
    stack: &'a mut dyn StackUnderTest,
    now: Instant,
    /// Packets that are kept.
    queue: Vec<Vec<u8>>,
}

impl Server<'_> {
    fn answer(&mut self, line: &[u8]) -> Result<ReplyLine, StackError> {
        let read = serde_json::from_slice::<RequestLine>(line);
        let id = read.as_ref().ok().and_then(|request| request.id);
        let request = read
            .map_err(|error| BadRequest::Malformed(error.to_string()))
            .and_then(RequestLine::meaning);
        let mut reply = match request {
            Ok(Request::Leap(_)) if !self.leaps() => {
                ReplyLine::refusal(self.now, CallError::Unsupported)
            }
            Ok(request) => self.reply(request)?,
            Err(BadRequest::Unsupported) => ReplyLine::refusal(self.now, CallError::Unsupported),
            Err(BadRequest::Malformed(why)) => ReplyLine::refusal(self.now, CallError::Other(why)),
        };
        reply.id = id;
        Ok(reply)
    }

    fn reply(&mut self, request: Request) -> Result<ReplyLine, StackError> {
        match self.carry_out(request) {
            Ok(reply) => {
                self.now = reply.now;
                Ok(reply.into())
            }
            Err(error) => ReplyLine::failure(self.now, &error).ok_or(error),
        }
    }

    fn carry_out(&mut self, request: Request) -> Result<Reply, StackError> {
        match request {
            Request::Open(setup) => {
                self.queue.clear();
                self.stack.open(&setup)
            }
            Request::Call(call) => self.stack.call(&call),
            Request::Queue(packet) => {
                self.queue.push(packet);
                Ok(Reply::nothing(self.now))
            }
            Request::Packet(packet) => {
                self.queue.push(packet);
                self.stack.deliver(&std::mem::take(&mut self.queue))
            }
            Request::Run(until, stop) => self.stack.run(until, stop),
            Request::Leap(to) => self.stack.leap(to),
        }
    }

    fn leaps(&self) -> bool {
        let hello = self.stack.hello();
        hello.capabilities.contains(&Capability::Leap)
    }
}
