//! Netlink messages: as much as setting up a link and asking about sockets
//! needs. A request is answered inside `send`, so nothing here waits.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with,
};

use crate::netns::Inside;

/// Octets of the header of a message.
pub(crate) const HEADER_LEN: usize = 16;

/// A netlink socket of one protocol in one namespace.
#[derive(Debug)]
pub(crate) struct Netlink {
    socket: OwnedFd,
}

/// A request under construction.
#[derive(Debug)]
pub(crate) struct Request {
    octets: Vec<u8>,
}

impl Netlink {
    pub(crate) fn open(_: &Inside<'_>, protocol: Option<Protocol>) -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, protocol)?;
        Ok(Self { socket })
    }

    /// Sends a request and reads the first message of the answer: its type
    /// and its body. An error message other than "no error" is an error.
    pub(crate) fn ask<'a>(
        &self,
        request: &[u8],
        answer: &'a mut [u8],
    ) -> io::Result<(u16, &'a [u8])> {
        send(&self.socket, request, SendFlags::empty())?;
        let (len, _) = recv(&self.socket, &mut *answer, RecvFlags::empty())?;
        let message = answer.get(..len).unwrap_or_default();
        let (kind, body) = split(message).ok_or(io::ErrorKind::InvalidData)?;
        match (kind, body.first_chunk()) {
            (ERROR, Some(errno)) => match i32::from_ne_bytes(*errno) {
                0 => Ok((kind, body)),
                errno => Err(io::Error::from_raw_os_error(-errno)),
            },
            _ => Ok((kind, body)),
        }
    }
}

impl AsFd for Netlink {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Request {
    /// A request of this type. It must have exactly one answer: either it asks
    /// for something or, by [`ACK`], to be acknowledged.
    pub(crate) fn new(kind: u16, flags: u16) -> Self {
        let mut octets = vec![0; HEADER_LEN];
        octets[4..6].copy_from_slice(&kind.to_ne_bytes());
        octets[6..8].copy_from_slice(&(REQUEST | flags).to_ne_bytes());
        Self { octets }
    }

    /// What is to be the value of an attribute of a request.
    pub(crate) const fn nested() -> Self {
        Self { octets: Vec::new() }
    }

    /// The octets so far.
    pub(crate) fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Appends octets of the fixed part.
    pub(crate) fn put(mut self, octets: &[u8]) -> Self {
        self.octets.extend(octets);
        self
    }

    /// Appends an attribute, padded to four octets.
    pub(crate) fn attribute(mut self, kind: u16, value: &[u8]) -> Self {
        let len = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
        self.octets.extend(len.to_ne_bytes());
        self.octets.extend(kind.to_ne_bytes());
        self.octets.extend(value);
        self.octets.resize(self.octets.len().next_multiple_of(4), 0);
        self
    }

    /// The message with its length filled in.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        let len = u32::try_from(self.octets.len()).unwrap_or(u32::MAX);
        self.octets[..4].copy_from_slice(&len.to_ne_bytes());
        self.octets
    }
}

fn split(message: &[u8]) -> Option<(u16, &[u8])> {
    let len = u32::from_ne_bytes(*message.first_chunk()?) as usize;
    let kind = u16::from_ne_bytes(*message.get(4..)?.first_chunk()?);
    Some((kind, message.get(HEADER_LEN..len)?))
}

/// `NLMSG_ERROR`.
const ERROR: u16 = 2;
/// `NLM_F_REQUEST`.
pub(crate) const REQUEST: u16 = 0x1;
/// `NLM_F_ACK`.
pub(crate) const ACK: u16 = 0x4;
