//! What the bundled stack says of itself.

use std::collections::BTreeSet;
use std::time::Duration;

use tcpspec_bundled::{CloseKind, Config};
use tcpspec_connector::{Clock, Hello, Lateness, Profile};
use tcpspec_wire::Capability;

use crate::switches;

/// What every configuration can do.
const ALWAYS: [Capability; 25] = [
    Capability::PassiveOpen,
    Capability::ActiveOpen,
    Capability::Data,
    Capability::AppClose,
    Capability::Shutdown,
    Capability::Abort,
    Capability::State,
    Capability::StateLog,
    Capability::Ipv4,
    Capability::Ipv6,
    Capability::SimultaneousOpen,
    Capability::OrphanTimeout,
    Capability::Isn,
    Capability::OptNagle,
    Capability::OptRcvbuf,
    Capability::OptKeepalive,
    Capability::Urgent,
    Capability::Reports,
    Capability::OptUserTimeout,
    Capability::OptTtl,
    Capability::OptDs,
    Capability::Queue,
    Capability::VirtualTime,
    Capability::Leap,
    Capability::Reassembly,
];

/// The declaration that belongs to a configuration.
pub(crate) fn hello(config: &Config) -> Hello {
    Hello {
        name: "bundled".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        clock: Clock::Virtual,
        capabilities: capabilities(config),
        profile: profile(config),
        info: BTreeSet::new(),
        mtu: 1500,
        details: Vec::new(),
        service: None,
    }
}

fn profile(config: &Config) -> Profile {
    Profile {
        msl: config.msl,
        rto_initial: config.rto_initial(),
        rto_min: config.rto_min,
        rto_max: config.rto_max,
        ack_delay: config.ack_delay,
        r1: config.r1,
        r2_syn: config.r2_syn,
        r2_syn_ack: config.r2_syn,
        r2_data: config.r2_data,
        // A closed window is probed when the retransmission timer would run out.
        persist_min: config.rto_min,
        persist_max: config.rto_max,
        keepalive_idle: config.keepalive.idle,
        keepalive_interval: config.keepalive.interval,
        keepalive_probes: config.keepalive.probes,
        fin_wait_2: config.fin_wait_2,
        lateness: Lateness::default(),
        clock_error: Duration::ZERO,
    }
}

fn capabilities(config: &Config) -> BTreeSet<Capability> {
    let resets = config.close == CloseKind::HalfDuplex;
    let resets = resets.then_some(Capability::CloseUnreadResets);
    let switched = switches::switched_on(config);
    let offers = config.ecn.then_some(Capability::EcnOffer);
    let optional = resets.into_iter().chain(offers).chain(switched);
    ALWAYS.into_iter().chain(optional).collect()
}

#[cfg(test)]
mod tests {
    use tcpspec_bundled::{InitialWindow, UserTimeouts};

    use super::*;

    /// What a change of the default settings adds to the declaration, or takes
    /// away from it.
    #[rstest::rstest]
    #[case::window_scale(Config { window_scale: false, ..Config::default() }, "", "ws")]
    #[case::timestamps(Config { timestamps: false, ..Config::default() }, "", "ts")]
    #[case::sack(Config { sack: false, ..Config::default() }, "", "sack dsack")]
    #[case::reports(Config { duplicate_sack: false, ..Config::default() }, "", "dsack")]
    #[case::ecn(Config { ecn: true, ..Config::default() }, "ecn ecn-offer", "")]
    #[case::user_timeouts(
        Config { user_timeouts: UserTimeouts { enabled: true, ..UserTimeouts::default() }, ..Config::default() },
        "uto",
        ""
    )]
    #[case::fast(Config { fast_retransmit: false, ..Config::default() }, "", "fast-retransmit")]
    #[case::limited(Config { limited_transmit: false, ..Config::default() }, "", "limited-transmit")]
    #[case::ten(Config { initial_window: InitialWindow::Rfc6928, ..Config::default() }, "iw10", "")]
    #[case::close(
        Config { close: CloseKind::FullDuplex, ..Config::default() },
        "",
        "close-unread-resets half-duplex-close"
    )]
    fn switch_shows_in_the_declaration(
        #[case] config: Config,
        #[case] added: &str,
        #[case] removed: &str,
    ) {
        let before = capabilities(&Config::default());
        let after = capabilities(&config);
        let names = |more: &BTreeSet<Capability>, fewer: &BTreeSet<Capability>| {
            let names: Vec<&str> = more.difference(fewer).map(|one| one.name()).collect();
            names.join(" ")
        };
        assert_eq!(names(&after, &before), added);
        assert_eq!(names(&before, &after), removed);
    }
}
