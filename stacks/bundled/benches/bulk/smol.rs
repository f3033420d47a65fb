//! The end that is smoltcp's, with its Reno congestion control.

use std::collections::VecDeque;
use std::hint::black_box;

use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::tcp::{CongestionControl, Socket, SocketBuffer};
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr};
use tcpspec_wire::Instant;

use super::{BUFFER, End, MTU, Role, TOTAL};

pub(crate) struct Smol {
    interface: Interface,
    sockets: SocketSet<'static>,
    handle: SocketHandle,
    queues: Queues,
    role: Role,
    octets: Vec<u8>,
    sent: usize,
    received: usize,
}

/// Packets on their way in and out.
#[derive(Default)]
struct Queues {
    rx: VecDeque<Vec<u8>>,
    tx: VecDeque<Vec<u8>>,
}

struct Received(Vec<u8>);

struct Slot<'a>(&'a mut VecDeque<Vec<u8>>);

fn theirs(now: Instant) -> smoltcp::time::Instant {
    smoltcp::time::Instant::from_micros((now.as_nanos() / 1000).cast_signed())
}

impl Smol {
    pub(crate) fn new(role: Role, timestamps: bool) -> Self {
        let address = |last| IpAddress::v4(192, 0, 2, last);
        let mut queues = Queues::default();
        let config = Config::new(HardwareAddress::Ip);
        let mut interface = Interface::new(config, &mut queues, theirs(Instant::ZERO));
        let own = address(if role == Role::Source { 1 } else { 2 });
        interface.update_ip_addrs(|list| {
            list.push(IpCidr::new(own, 24)).expect("room for one");
        });
        let buffer = || SocketBuffer::new(vec![0; BUFFER]);
        let mut socket = Socket::new(buffer(), buffer());
        socket.set_congestion_control(CongestionControl::Reno);
        if timestamps {
            socket.set_tsval_generator(Some(|| 1));
        }
        match role {
            Role::Source => socket
                .connect(interface.context(), (address(2), 80), 5000)
                .expect("a free port"),
            Role::Sink => socket.listen(80).expect("a free port"),
        }
        let mut sockets = SocketSet::new(Vec::new());
        let handle = sockets.add(socket);
        Self {
            interface,
            sockets,
            handle,
            queues,
            role,
            octets: vec![7; BUFFER],
            sent: 0,
            received: 0,
        }
    }

    fn poll(&mut self, now: Instant) {
        let (queues, sockets) = (&mut self.queues, &mut self.sockets);
        self.interface.poll(theirs(now), queues, sockets);
    }

    /// The application: whether it read or wrote anything.
    fn apply(&mut self) -> bool {
        let socket = self.sockets.get_mut::<Socket<'_>>(self.handle);
        match self.role {
            Role::Source => {
                let rest = self.octets.len().min(TOTAL - self.sent);
                let sent = socket.send_slice(&self.octets[..rest]).unwrap_or(0);
                self.sent += sent;
                sent > 0
            }
            Role::Sink => {
                let read = socket.recv_slice(&mut self.octets).unwrap_or(0);
                black_box(&self.octets);
                self.received += read;
                read > 0
            }
        }
    }
}

impl End for Smol {
    fn act(&mut self, now: Instant, packet: Option<Vec<u8>>) {
        self.queues.rx.extend(packet);
        self.poll(now);
        while self.apply() {
            self.poll(now);
        }
    }

    fn transmit(&mut self) -> Option<Vec<u8>> {
        self.queues.tx.pop_front()
    }

    fn poll_at(&mut self, now: Instant) -> Option<Instant> {
        let at = self.interface.poll_at(theirs(now), &self.sockets)?;
        Some(Instant::from_nanos(
            at.total_micros().cast_unsigned() * 1000,
        ))
    }

    fn received(&self) -> usize {
        self.received
    }
}

impl Device for Queues {
    type RxToken<'a> = Received;
    type TxToken<'a> = Slot<'a>;

    fn receive(&mut self, _: smoltcp::time::Instant) -> Option<(Received, Slot<'_>)> {
        let packet = self.rx.pop_front()?;
        Some((Received(packet), Slot(&mut self.tx)))
    }

    fn transmit(&mut self, _: smoltcp::time::Instant) -> Option<Slot<'_>> {
        Some(Slot(&mut self.tx))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = usize::from(MTU);
        capabilities
    }
}

impl RxToken for Received {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(&self.0)
    }
}

impl TxToken for Slot<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let mut packet = vec![0; len];
        let result = f(&mut packet);
        self.0.push_back(packet);
        result
    }
}
