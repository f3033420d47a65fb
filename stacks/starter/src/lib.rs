//! Starts processes that never hold a descriptor of this one.
//!
//! Between `fork` and `exec` a child has a copy of every descriptor of its
//! parent, whatever is to be closed on `exec`. A socket that the parent closes
//! in that time stays open, unseen: its FIN goes late and its port stays taken.
//! Where the kernel's TCP is judged to the microsecond while other stacks are
//! processes that come and go, that is a false verdict. So one thread starts
//! all processes: it has a table of descriptors of its own with nothing in it,
//! and is handed the three that the new process is to have.

mod table;

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};

/// Starts `command` with these as its standard input, output and error; what
/// the command says of them itself is overruled.
///
/// # Errors
///
/// The system's, if the process, or the thread that starts it, cannot be made.
pub fn start(command: Command, streams: [OwnedFd; 3]) -> io::Result<Child> {
    let (answer, started) = sync_channel(1);
    // The lock keeps orders and descriptors, which go two ways, in one sequence.
    let mut starter = STARTER.lock().unwrap_or_else(PoisonError::into_inner);
    let Starter { orders, channel } = match &mut *starter {
        Some(starter) => starter,
        none => none.insert(Starter::begin()?),
    };
    hand_over(channel.as_fd(), &streams)?;
    orders.send(Order { command, answer }).map_err(|_| gone())?;
    drop(starter);
    started.recv().map_err(|_| gone())?
}

static STARTER: Mutex<Option<Starter>> = Mutex::new(None);

/// The way to the thread.
#[derive(Debug)]
struct Starter {
    orders: SyncSender<Order>,
    /// Descriptors cannot take the way of the orders: they are numbers in a table.
    channel: OwnedFd,
}

struct Order {
    command: Command,
    answer: SyncSender<io::Result<Child>>,
}

impl Starter {
    fn begin() -> io::Result<Self> {
        let (ours, theirs) = socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        )?;
        let (orders, to_do) = sync_channel(0);
        let (ready, begun) = sync_channel(1);
        let number = theirs.as_raw_fd();
        let work = move || match table::of_this_thread_alone(number) {
            Ok(channel) => {
                drop(ready.send(Ok(())));
                serve(&to_do, channel.as_fd());
            }
            Err(error) => drop(ready.send(Err(error))),
        };
        thread::Builder::new().name(NAME.to_owned()).spawn(work)?;
        begun.recv().map_err(|_| gone())??;
        // The thread has a descriptor of its own for it by now.
        drop(theirs);
        Ok(Self {
            orders,
            channel: ours,
        })
    }
}

/// What the thread does until the program ends.
fn serve(orders: &Receiver<Order>, channel: BorrowedFd<'_>) {
    for Order { command, answer } in orders {
        let child = take_over(channel).and_then(|streams| spawn(command, streams));
        // Who ordered it waits for the answer.
        drop(answer.send(child));
    }
}

fn spawn(mut command: Command, [stdin, stdout, stderr]: [OwnedFd; 3]) -> io::Result<Child> {
    command.stdin(stdin).stdout(stdout).stderr(stderr).spawn()
}

fn hand_over(channel: BorrowedFd<'_>, streams: &[OwnedFd; 3]) -> io::Result<()> {
    let streams = streams.each_ref().map(AsFd::as_fd);
    let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut rights = SendAncillaryBuffer::new(&mut room);
    rights.push(SendAncillaryMessage::ScmRights(&streams));
    sendmsg(
        channel,
        &[IoSlice::new(&[0])],
        &mut rights,
        SendFlags::NOSIGNAL,
    )?;
    Ok(())
}

fn take_over(channel: BorrowedFd<'_>) -> io::Result<[OwnedFd; 3]> {
    let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut rights = RecvAncillaryBuffer::new(&mut room);
    let octet = &mut [0];
    let octet = &mut [IoSliceMut::new(octet)];
    recvmsg(channel, octet, &mut rights, RecvFlags::CMSG_CLOEXEC)?;
    let descriptors = rights.drain().flat_map(|message| match message {
        RecvAncillaryMessage::ScmRights(descriptors) => descriptors.collect(),
        _ => Vec::new(),
    });
    let streams: Result<[OwnedFd; 3], _> = descriptors.collect::<Vec<_>>().try_into();
    streams.map_err(|_| io::Error::other("too many open files to start a process"))
}

fn gone() -> io::Error {
    io::Error::other("the thread that starts processes has ended")
}

const NAME: &str = "starter";
