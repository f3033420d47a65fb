//! The floor: what an exchange costs on the kernel with nothing around it.
//!
//! A namespace, a TUN device, and a plain loop of system calls inside. It is
//! what a trial of the same exchange, judged and logged, is measured against;
//! nothing else uses it, and it checks no more than that the kernel answers.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use rustix::net::{
    AddressFamily, RecvFlags, SocketFlags, SocketType, accept_with, bind, listen, recv,
    socket_with, sockopt,
};
use tcpspec_connector::StackError;
use tcpspec_wire::{Flags, Packet, Segment, SeqNumber, WindowField};

use crate::error::{Context, LaneError};
use crate::link::Link;
use crate::netns::{Inside, Netns};
use crate::options::Options;
use crate::port::{EtherType, Port};
use crate::stack::Settings;
use crate::sysctl;
use crate::tun;

/// A namespace with a TUN device, and no more.
#[derive(Debug)]
pub struct Floor {
    tun: Port,
    netns: Netns,
}

impl Floor {
    /// Makes the namespace and the device.
    ///
    /// # Errors
    ///
    /// What the machine withholds.
    pub fn open(settings: &Settings) -> Result<Self, StackError> {
        let netns = Netns::create()?;
        let tun = netns.within(|inside| furnish(inside, settings)).flatten()?;
        Ok(Self { tun, netns })
    }

    /// Plays the exchange so many times: a listener, a handshake, 100 octets,
    /// a RST.
    ///
    /// # Errors
    ///
    /// If a system call fails, or the kernel does not answer.
    pub fn play(&self, times: u64) -> Result<(), StackError> {
        let all = |_: &Inside<'_>| (0..times).try_for_each(|_| self.exchange());
        Ok(self.netns.within(all).flatten()?)
    }

    fn exchange(&self) -> Result<(), LaneError> {
        let what = "the floor";
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let listener = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None);
        let listener = listener.context(what)?;
        sockopt::set_socket_reuseaddr(&listener, true).context(what)?;
        bind(&listener, &SocketAddr::new(STACK, 80)).context(what)?;
        listen(&listener, 8).context(what)?;
        self.send(Flags::SYN, 1000, 0, 0)?;
        let iss = self.read_seq()?;
        self.send(Flags::ACK, 1001, iss + 1, 0)?;
        let accepted = accept_with(&listener, flags).context(what)?;
        self.send(Flags::ACK, 1001, iss + 1, TEXT)?;
        self.read_seq()?;
        recv(&accepted, &mut [0; TEXT], RecvFlags::empty()).context(what)?;
        self.send(Flags::RST, 1001 + TEXT as u32, 0, 0)
    }

    fn send(&self, flags: Flags, seq: u32, ack: u32, text: usize) -> Result<(), LaneError> {
        let segment = Segment {
            src_port: 40_000,
            dst_port: 80,
            seq: SeqNumber::new(seq),
            ack: SeqNumber::new(ack),
            flags,
            window: WindowField::new(u16::MAX),
            payload: vec![b'x'; text],
            ..Segment::default()
        };
        let packet = Packet::tcp(PEER, STACK, segment).encode();
        let written = self.tun.write(EtherType::Ipv4, &packet);
        written.context("writing to the floor's TUN device")
    }

    /// The sequence number of the segment that the kernel has sent.
    fn read_seq(&self) -> Result<u32, LaneError> {
        let mut room = [0; 2048];
        let read = self.tun.read(&mut room);
        let packet = read.context("reading from the floor's TUN device")?;
        let seq = packet.and_then(|packet| packet.get(SEQ_AT..)?.first_chunk());
        let seq = seq.ok_or(std::io::ErrorKind::UnexpectedEof);
        Ok(u32::from_be_bytes(*seq.context("the kernel's answer")?))
    }
}

fn furnish(inside: &Inside<'_>, settings: &Settings) -> Result<Port, LaneError> {
    sysctl::pin(inside, Options::default())?;
    let tun = tun::attach(inside, &settings.tun)?;
    let link = Link::open(inside, tun::NAME).context("opening a netlink socket")?;
    link.up(500).context("bringing up the TUN device")?;
    let address = link.add_address(STACK, 24);
    address.context("adding an address")?;
    Ok(tun)
}

const STACK: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
/// Octets of text in the exchange.
const TEXT: usize = 100;
/// Where the sequence number stands behind an IPv4 header without options.
const SEQ_AT: usize = 24;
