//! Laws of every link.

use std::time::Duration;

use proptest::prelude::*;
use tcpspec_link::{Arrival, Conditions, End, Link, Loss, Rate, Reordering};
use tcpspec_wire::{Flags, Instant};

use crate::{drain, millis, segment, text};

proptest! {
    /// A perfect link changes nothing: not an octet, not the order, not the time.
    #[test]
    fn perfect_link_is_no_link(packets in packets(), seed: u64) {
        let mut link = Link::new(Conditions::default(), Conditions::default(), &[], seed);
        let sent = play(&mut link, &packets);
        prop_assert_eq!(drain(&mut link), sent);
        prop_assert!(link.tally().is_clean());
    }

    /// What was drawn happens again when it is replayed without chance.
    #[test]
    fn replay_is_the_same_again(packets in packets(), conditions in conditions(), seed: u64) {
        let mut drawn = Link::new(conditions.clone(), conditions.clone(), &[], seed);
        play(&mut drawn, &packets);
        let mut again = Link::replay(&conditions, &conditions, &[], drawn.happened());
        play(&mut again, &packets);
        prop_assert_eq!(drain(&mut drawn), drain(&mut again));
        prop_assert_eq!(drawn.tally(), again.tally());
    }

    /// Every packet arrives, or is counted as lost; every copy is counted.
    #[test]
    fn nothing_vanishes_uncounted(packets in packets(), conditions in conditions(), seed: u64) {
        let mut link = Link::new(conditions.clone(), conditions, &[], seed);
        play(&mut link, &packets);
        let arrived = drain(&mut link).len() as u64;
        let tally = link.tally();
        prop_assert_eq!(tally.of("sent") + tally.of("dup"), arrived + tally.of("drop"));
        prop_assert_eq!(tally.of("arrived"), arrived);
    }

    /// Nothing arrives before it was sent and has gone its way.
    #[test]
    fn nothing_is_early(packets in packets(), conditions in conditions(), seed: u64) {
        let delay = conditions.delay;
        let mut link = Link::new(conditions.clone(), conditions, &[], seed);
        for (index, (from, pause)) in packets.iter().enumerate() {
            let now = Instant::ZERO + *pause;
            link.send(*from, now, text(index as u32));
            let early = now + delay.saturating_sub(Duration::from_nanos(1));
            prop_assert_eq!(link.receive(early).filter(|_| delay > Duration::ZERO), None);
            drain(&mut link);
        }
    }

    /// Octets that are no packet do no harm.
    #[test]
    fn anything_may_be_sent(octets in prop::collection::vec(any::<u8>(), 0..80), seed: u64) {
        let conditions = Conditions {
            corrupt: Rate::ALWAYS,
            truncate: Rate::ALWAYS,
            mtu: Some(40),
            ..Conditions::default()
        };
        let mut link = Link::new(conditions, Conditions::default(), &[], seed);
        link.send(End::Left, Instant::ZERO, octets);
        prop_assert!(drain(&mut link).len() <= 10);
    }
}

/// Another seed meets another fate, sooner or later.
#[test]
fn seeds_differ() {
    let lossy = Conditions {
        loss: Loss::Single(rate("50%")),
        ..Conditions::default()
    };
    let fate = |seed| {
        let mut link = Link::new(lossy.clone(), lossy.clone(), &[], seed);
        play(&mut link, &[(End::Left, millis(1)); 64]);
        link.happened().to_vec()
    };
    assert_eq!(fate(1), fate(1));
    assert_ne!(fate(1), fate(2));
}

/// Ten thousand packets meet a fault about as often as its rate says.
#[rstest::rstest]
#[case::loss(Conditions { loss: Loss::Single(rate("10%")), ..Conditions::default() }, "drop", 1000)]
#[case::bursts(
    Conditions { loss: Loss::Bursts { enter: rate("2%"), leave: rate("18%") }, ..Conditions::default() },
    "drop",
    1000
)]
#[case::duplicate(Conditions { duplicate: rate("10%"), ..Conditions::default() }, "dup", 1000)]
#[case::corrupt(Conditions { corrupt: rate("10%"), ..Conditions::default() }, "corrupt", 1000)]
#[case::truncate(Conditions { truncate: rate("10%"), ..Conditions::default() }, "truncate", 1000)]
fn rates_are_kept(#[case] conditions: Conditions, #[case] word: &str, #[case] about: u64) {
    let mut link = Link::new(conditions, Conditions::default(), &[], 7);
    let ack = segment(Flags::ACK, 1, 0).encode();
    for _ in 0..10_000 {
        link.send(End::Left, Instant::ZERO, ack.clone());
    }
    let count = link.tally().of(word);
    assert!(count.abs_diff(about) < about / 4, "{word}: {count}");
}

/// Sends each packet its pause behind the one before; returns what a link that
/// changes nothing would give.
fn play(link: &mut Link, packets: &[(End, Duration)]) -> Vec<Arrival> {
    let mut at = Instant::ZERO;
    let send = |(index, (from, pause)): (usize, &(End, Duration))| {
        at += *pause;
        let octets = text(index as u32);
        link.send(*from, at, octets.clone());
        let to = from.other();
        Arrival {
            at,
            to,
            octets,
            origin: tcpspec_link::Origin::Sent,
        }
    };
    packets.iter().enumerate().map(send).collect()
}

fn packets() -> impl Strategy<Value = Vec<(End, Duration)>> {
    let end = prop_oneof![Just(End::Left), Just(End::Right)];
    prop::collection::vec((end, (0_u64..30).prop_map(millis)), 0..40)
}

/// Conditions with faults of every kind that is drawn.
fn conditions() -> impl Strategy<Value = Conditions> {
    let share = || prop_oneof![Just(Rate::NEVER), Just(rate("20%"))];
    let loss = prop_oneof![
        share().prop_map(Loss::Single),
        (share(), share()).prop_map(|(enter, leave)| Loss::Bursts { enter, leave }),
    ];
    let times = (0_u64..50, 0_u64..50);
    (loss, share(), share(), share(), share(), 0_u16..4, times).prop_map(
        |(loss, duplicate, corrupt, truncate, reordered, distance, (delay, jitter))| Conditions {
            loss,
            duplicate,
            reorder: Reordering {
                rate: reordered,
                distance,
            },
            corrupt,
            truncate,
            delay: millis(delay),
            jitter: millis(jitter),
            ..Conditions::default()
        },
    )
}

fn rate(text: &str) -> Rate {
    text.parse().expect("a share")
}
