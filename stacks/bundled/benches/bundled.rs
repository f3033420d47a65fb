//! Two hosts back to back: connections opened and closed, segments through one
//! connection, and what waiting costs.

use std::hint::black_box;
use std::net::IpAddr;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tcpspec_bundled::{Config, ConnectionId, Host};
use tcpspec_wire::Instant;

const MSS: usize = 1460;
/// Octets per iteration of the bulk transfer.
const BULK: usize = 64 * MSS;

fn address(last: u8) -> IpAddr {
    [192, 0, 2, last].into()
}

struct Pair {
    client: Host,
    server: Host,
    now: Instant,
}

impl Pair {
    fn new() -> Self {
        let config = Config {
            msl: Duration::from_millis(1),
            ..Config::default()
        };
        let mut server = Host::new(config.clone(), &[address(1)], 1);
        server.listen(Instant::ZERO, 80, 16).expect("free port");
        Self {
            client: Host::new(config, &[address(2)], 2),
            server,
            now: Instant::ZERO,
        }
    }

    /// Carries packets to and fro until both are quiet.
    fn exchange(&mut self) -> usize {
        let mut count = 0;
        loop {
            if let Some(packet) = self.client.poll_transmit() {
                self.server.deliver(self.now, &packet);
            } else if let Some(packet) = self.server.poll_transmit() {
                self.client.deliver(self.now, &packet);
            } else {
                return count;
            }
            count += 1;
        }
    }

    fn open(&mut self) -> (ConnectionId, ConnectionId) {
        let to = (address(1), 80).into();
        let ours = self.client.connect(self.now, 5000, to).expect("free");
        self.exchange();
        (ours, self.server.accept(80).expect("established"))
    }

    /// Lets every timer run out.
    fn run_out(&mut self) {
        while let Some(at) = self
            .client
            .poll_at()
            .into_iter()
            .chain(self.server.poll_at())
            .min()
        {
            self.now = self.now.max(at);
            self.client.on_time(self.now);
            self.server.on_time(self.now);
            self.exchange();
        }
        while self.client.poll_transition().is_some() || self.server.poll_transition().is_some() {}
    }
}

/// Handshake, four-way close and TIME-WAIT of one connection.
fn connections(c: &mut Criterion) {
    let mut pair = Pair::new();
    let mut group = c.benchmark_group("connections");
    group.throughput(Throughput::Elements(1));
    group.bench_function("open and close", |bench| {
        bench.iter(|| {
            let (ours, theirs) = pair.open();
            pair.client.close(pair.now, ours).expect("open");
            pair.exchange();
            pair.server.close(pair.now, theirs).expect("open");
            pair.exchange();
            pair.run_out();
        });
    });
    group.finish();
}

/// Full segments one way, with their ACKs the other way: encoded, checked and
/// decoded at each end.
fn bulk(c: &mut Criterion) {
    let mut pair = Pair::new();
    let (ours, theirs) = pair.open();
    let octets = vec![7; BULK];
    let mut transfer = move || {
        let (mut sent, mut received, mut packets) = (0, 0, 0);
        while received < BULK {
            if let Ok(taken) = pair.client.send(pair.now, ours, &octets[sent..]) {
                sent += taken;
            }
            packets += pair.exchange();
            while let Ok(read) = pair.server.recv(pair.now, theirs, 16 * MSS) {
                received += black_box(read).len();
            }
            if received < BULK {
                packets += pair.exchange();
            } else {
                pair.run_out();
            }
        }
        packets
    };
    // Counted, not assumed: text and ACKs of one transfer.
    let packets = transfer();
    let mut group = c.benchmark_group("bulk");
    group.throughput(Throughput::Elements(packets as u64));
    group.bench_function("segments, both directions", |bench| {
        bench.iter(&mut transfer)
    });
    group.finish();
}

/// A FIN that nobody answers, up to R2: 100 virtual seconds.
fn waiting(c: &mut Criterion) {
    c.bench_function("R2 give-up of a FIN", |bench| {
        bench.iter(|| {
            let mut pair = Pair::new();
            let (ours, _) = pair.open();
            pair.client.close(pair.now, ours).expect("open");
            while let Some(at) = pair.client.poll_at() {
                pair.client.on_time(at);
                while pair.client.poll_transmit().is_some() {}
            }
        });
    });
}

criterion_group!(benches, connections, bulk, waiting);
criterion_main!(benches);
