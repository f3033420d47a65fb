//! Two hosts back to back: connections opened and closed, segments through one
//! connection, and what waiting costs.

use std::hint::black_box;
use std::net::IpAddr;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use tcpspec_bundled::{Config, ConnectionId, Host};
use tcpspec_wire::Instant;

const MSS: usize = 1460;
/// Octets per iteration of the bulk transfer.
const BULK: usize = 64 * MSS;
/// Connections opened between two new hosts.
const HANDSHAKES: u16 = 64;

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
        Self::with(Config {
            msl: Duration::from_millis(1),
            ..Config::default()
        })
    }

    fn with(config: Config) -> Self {
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
        self.open_from(5000)
    }

    fn open_from(&mut self, port: u16) -> (ConnectionId, ConnectionId) {
        let to = (address(1), 80).into();
        let ours = self.client.connect(self.now, port, to).expect("free");
        self.exchange();
        (ours, self.server.accept(80).expect("established"))
    }

    /// Lets every timer run out.
    fn run_out(&mut self) {
        self.run_until(Instant::MAX);
    }

    /// Does what is due up to `end`, packets included.
    fn run_until(&mut self, end: Instant) {
        while self.next_deadline().is_some_and(|at| at <= end) {
            self.wake();
        }
        while self.client.poll_transition().is_some() || self.server.poll_transition().is_some() {}
    }

    fn next_deadline(&self) -> Option<Instant> {
        let deadlines = [self.client.poll_at(), self.server.poll_at()];
        deadlines.into_iter().flatten().min()
    }

    /// Jumps to the next deadline, and counts the packets that follow.
    fn wake(&mut self) -> usize {
        self.now = self.next_deadline().map_or(self.now, |at| self.now.max(at));
        self.client.on_time(self.now);
        self.server.on_time(self.now);
        self.exchange()
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
    group.throughput(Throughput::Elements(u64::from(HANDSHAKES)));
    group.bench_function("handshakes", |bench| {
        let open_all = |mut pair: Pair| {
            for port in 0..HANDSHAKES {
                pair.open_from(5000 + port);
            }
            pair
        };
        bench.iter_batched(Pair::new, open_all, BatchSize::SmallInput);
    });
    group.finish();
}

/// Full segments one way, with their ACKs the other way: encoded, checked and
/// decoded at each end.
fn bulk(c: &mut Criterion) {
    let mut pair = Pair::new();
    let (ours, theirs) = pair.open();
    let (octets, mut read) = (vec![7; BULK], vec![0; 16 * MSS]);
    let mut transfer = move || {
        let (mut sent, mut received, mut packets) = (0, 0, 0);
        while received < BULK {
            if let Ok(taken) = pair.client.send(pair.now, ours, &octets[sent..]) {
                sent += taken;
            }
            packets += pair.exchange();
            while let Ok(read) = pair.server.recv_into(pair.now, theirs, &mut read) {
                received += black_box(read);
            }
            let exchanged = pair.exchange();
            packets += exchanged;
            if received == BULK {
                pair.run_out();
            } else if exchanged == 0 {
                // Only a timer moves this on: an ACK is being delayed.
                packets += pair.wake();
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

/// What waiting costs: virtual time jumps from deadline to deadline.
fn waiting(c: &mut Criterion) {
    let mut group = c.benchmark_group("waiting");
    group.bench_function("one hour, idle", |bench| {
        wait(bench, |_, _| (), HOUR);
    });
    group.bench_function(
        "one hour, idle, a keep-alive each minute answered",
        |bench| {
            wait(bench, |pair, ours| keepalive(pair, ours, MINUTE), HOUR);
        },
    );
    group.bench_function("2 MSL", |bench| wait(bench, into_time_wait, HOUR));
    group.bench_function("R2 give-up of a FIN", |bench| {
        let unanswered = |pair: &mut Pair, ours| {
            pair.client.close(pair.now, ours).expect("open");
            pair.server = Host::new(Config::default(), &[], 1);
        };
        wait(bench, unanswered, HOUR);
    });
    group.bench_function("keep-alive give-up after two hours", |bench| {
        let unanswered = |pair: &mut Pair, ours| {
            keepalive(pair, ours, 2 * HOUR);
            pair.server = Host::new(Config::default(), &[], 1);
        };
        wait(bench, unanswered, 3 * HOUR);
    });
    group.finish();
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

fn keepalive(pair: &mut Pair, ours: ConnectionId, idle: Duration) {
    let set = pair.client.set_keepalive(pair.now, ours, Some(idle));
    set.expect("open");
}

fn into_time_wait(pair: &mut Pair, ours: ConnectionId) {
    pair.client.close(pair.now, ours).expect("open");
    pair.exchange();
    let theirs = pair.server.accept(80).expect("established");
    pair.server.close(pair.now, theirs).expect("open");
    pair.exchange();
}

/// Times `length` of virtual time on a connection that `prepare` has been at.
/// To open it is part of what is timed; the first line shows how much that is.
fn wait(
    bench: &mut criterion::Bencher<'_>,
    prepare: impl Fn(&mut Pair, ConnectionId),
    length: Duration,
) {
    bench.iter(|| {
        let mut pair = Pair::with(Config::default());
        let to = (address(1), 80).into();
        let ours = pair.client.connect(pair.now, 5000, to).expect("free");
        pair.exchange();
        prepare(&mut pair, ours);
        pair.run_until(pair.now + length);
        pair
    });
}

criterion_group!(benches, connections, bulk, waiting);
criterion_main!(benches);
