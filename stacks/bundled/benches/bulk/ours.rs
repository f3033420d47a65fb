//! The end that is ours.

use std::hint::black_box;
use std::net::IpAddr;

use tcpspec_bundled::{Config, ConnectionId, Host};
use tcpspec_wire::Instant;

use super::{BUFFER, End, MTU, Role, TOTAL};

pub(crate) struct Ours {
    host: Host,
    id: Option<ConnectionId>,
    role: Role,
    octets: Vec<u8>,
    sent: usize,
    received: usize,
}

impl Ours {
    pub(crate) fn new(config: &Config, role: Role) -> Self {
        let config = Config {
            mtu: MTU,
            receive_buffer: BUFFER as u32,
            send_buffer: BUFFER,
            ..config.clone()
        };
        let address = |last| -> IpAddr { [192, 0, 2, last].into() };
        let now = Instant::ZERO;
        let (source, sink) = (address(1), address(2));
        let (host, id) = match role {
            Role::Source => {
                let mut host = Host::new(config, &[source], 1);
                let id = host.connect(now, 5000, (sink, 80).into());
                (host, id.ok())
            }
            Role::Sink => {
                let mut host = Host::new(config, &[sink], 2);
                host.listen(now, 80, 1).expect("a free port");
                (host, None)
            }
        };
        Self {
            host,
            id,
            role,
            octets: vec![7; BUFFER],
            sent: 0,
            received: 0,
        }
    }

    fn write(&mut self, now: Instant, id: ConnectionId) {
        while self.sent < TOTAL {
            let rest = self.octets.len().min(TOTAL - self.sent);
            match self.host.send(now, id, &self.octets[..rest]) {
                Ok(sent) => self.sent += sent,
                Err(_) => return,
            }
        }
    }

    fn read(&mut self, now: Instant, id: ConnectionId) {
        while let Ok(read) = self.host.recv_into(now, id, &mut self.octets) {
            black_box(&self.octets);
            self.received += read;
        }
    }
}

impl End for Ours {
    fn act(&mut self, now: Instant, packet: Option<Vec<u8>>) {
        if let Some(packet) = packet {
            self.host.deliver(now, &packet);
        }
        self.host.on_time(now);
        if self.id.is_none() {
            self.id = self.host.accept(80).ok();
        }
        match (self.id, self.role) {
            (Some(id), Role::Source) => self.write(now, id),
            (Some(id), Role::Sink) => self.read(now, id),
            (None, _) => {}
        }
    }

    fn transmit(&mut self) -> Option<Vec<u8>> {
        self.host.poll_transmit()
    }

    fn poll_at(&mut self, _: Instant) -> Option<Instant> {
        self.host.poll_at()
    }

    fn received(&self) -> usize {
        self.received
    }
}
