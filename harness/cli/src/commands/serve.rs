//! `tcpspec serve`: a stack that is built in as a process of the line protocol.
//!
//! On a socket each connection has a stack and a thread of its own, until the
//! program is ended.

use std::fs;
use std::io::{self, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread;

use tcpspec_linux::sandbox;
use tcpspec_protocol::ServeError;
use tcpspec_record::Exit;

use crate::args::ServeArgs;
use crate::failure::Failure;
use crate::stacks::{self, Driven, StackName};

pub(crate) fn run(args: &ServeArgs) -> Result<Exit, Failure> {
    if matches!(args.stack, StackName::Linux(_)) {
        // Before any thread: it may have to enter a user namespace.
        sandbox::enter().map_err(|error| Failure::usage(format!("{error}; {}", error.fix())))?;
    }
    match (&args.unix, args.tcp) {
        (Some(path), _) => {
            let listener = bind(path).map_err(|error| Failure::file("listen on", path, error))?;
            listen(&args.stack, || {
                let (stream, _) = listener.accept()?;
                Ok((stream.try_clone()?, stream))
            })
        }
        (None, Some(address)) => {
            let cannot = |error| Failure::usage(format!("cannot listen on {address}: {error}"));
            let listener = TcpListener::bind(address).map_err(cannot)?;
            listen(&args.stack, || {
                let (stream, _) = listener.accept()?;
                stream.set_nodelay(true)?;
                Ok((stream.try_clone()?, stream))
            })
        }
        (None, None) => {
            let mut stack = made(&args.stack)?;
            let (input, output) = (io::stdin().lock(), io::stdout().lock());
            match tcpspec_protocol::serve(stack.as_stack(), input, output) {
                Ok(()) => Ok(Exit::Success),
                Err(ServeError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                    Ok(Exit::Success)
                }
                Err(error) => Err(Failure::error(&error)),
            }
        }
    }
}

/// The stack to be served.
fn made(name: &StackName) -> Result<Driven, Failure> {
    match name {
        StackName::Linux(options) => Ok(Driven::Kernel(Box::new(stacks::linux(*options)))),
        _ => stacks::driven(name, None)
            .ok_or_else(|| Failure::usage(format!("{name} is behind the line protocol already"))),
    }
}

/// A socket at this path. One that was left there by a program that has ended
/// makes place.
fn bind(path: &Path) -> io::Result<UnixListener> {
    let about = fs::symlink_metadata(path);
    if about.is_ok_and(|about| about.file_type().is_socket()) {
        fs::remove_file(path)?;
    }
    UnixListener::bind(path)
}

/// Serves whoever comes.
fn listen<S: Read + Write + Send + 'static>(
    name: &StackName,
    mut accept: impl FnMut() -> io::Result<(S, S)>,
) -> Result<Exit, Failure> {
    made(name)?;
    loop {
        let streams =
            accept().map_err(|error| Failure::usage(format!("cannot listen: {error}")))?;
        let name = name.clone();
        thread::spawn(move || {
            let (input, output) = streams;
            let Ok(mut stack) = made(&name) else { return };
            let served = tcpspec_protocol::serve(stack.as_stack(), BufReader::new(input), output);
            if let Err(error) = served {
                anstream::eprintln!("tcpspec: {error}");
            }
        });
    }
}
