//! The seed with which smoltcp begins a connection at a number of one's choice.
//!
//! smoltcp lets no initial number be set, but its generator (`rand.rs`) can be run
//! backwards. Left out: the numbers of further connections, which follow from it.

const MULTIPLIER_INVERTED: u64 = 0x4eab_3c1d_3452_6935;
const INCREMENT: u64 = 0x7590_ef39;

/// Bits of the generator's state that a number drawn from it does not show.
const UNSEEN: u32 = 29;

/// The seed from which this number is drawn first for a connection. What it
/// leaves open is the trial's seed.
pub(crate) fn seed_of(first: u32, seed: u64) -> u64 {
    let mut unseen = seed;
    loop {
        let state = (u64::from(first) << UNSEEN) | (unseen % (1 << UNSEEN));
        let identification = before(state);
        // Another is drawn in place of zero.
        if drawn(identification) != 0 {
            return before(identification);
        }
        unseen = unseen.wrapping_add(1);
    }
}

/// The state from which the generator went to this one.
const fn before(state: u64) -> u64 {
    state
        .wrapping_sub(INCREMENT)
        .wrapping_mul(MULTIPLIER_INVERTED)
}

/// The identification of IPv4 packets that an interface draws before all else.
const fn drawn(state: u64) -> u16 {
    let number = (state >> (29 - (state >> 61))) as u32;
    (number ^ (number >> 16)) as u16
}
