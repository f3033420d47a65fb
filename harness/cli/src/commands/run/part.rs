//! `--shard 2/5`: one part of a run, dealt variant by variant, so that no part
//! gets all of a slow group.

use std::path::Path;
use std::str::FromStr;

use tcpspec_casefile::Variant;
use tcpspec_record::Shard;

use super::case_info;

/// Which part, of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    number: usize,
    of: usize,
}

/// The text is no part of a run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no part of a run; write 2/5 for the second of five")]
pub(crate) struct NoPart(String);

impl FromStr for Part {
    type Err = NoPart;

    fn from_str(text: &str) -> Result<Self, NoPart> {
        let part = text.split_once('/').and_then(|(number, of)| {
            let (number, of) = (number.parse().ok()?, of.parse().ok()?);
            Some(Self { number, of }).filter(|_| (1..=of).contains(&number))
        });
        part.ok_or_else(|| NoPart(text.to_owned()))
    }
}

impl Part {
    /// Whether the variant at this place is of this part.
    pub(crate) const fn has(self, place: usize) -> bool {
        place % self.of == self.number - 1
    }

    /// What the log says of it, given all variants of the run.
    pub(super) fn shard(self, variants: &[&Variant], dir: &Path) -> Shard {
        let Self { number, of } = self;
        let suite = variants.iter().fold(FNV_BASIS, |hash, variant| {
            let text = format!("{:?}", case_info(variant, dir));
            text.bytes().fold(hash, |hash, octet| {
                (hash ^ u64::from(octet)).wrapping_mul(FNV_PRIME)
            })
        });
        Shard { number, of, suite }
    }
}

// FNV-1a: it has to tell one suite from another, not to withstand anybody.
const FNV_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::first("1/3", &[0, 3])]
    #[case::last("3/3", &[2, 5])]
    #[case::whole("1/1", &[0, 1, 2, 3, 4, 5])]
    fn part_has_every_so_many(#[case] text: &str, #[case] places: &[usize]) {
        let part: Part = text.parse().unwrap();
        let has: Vec<usize> = (0..6).filter(|place| part.has(*place)).collect();
        assert_eq!(has, places);
    }

    #[rstest]
    fn what_is_no_part_is_refused(
        #[values("0/3", "4/3", "1/0", "1", "/", "-1/3", "1/3/5", "")] text: &str,
    ) {
        assert_eq!(text.parse::<Part>(), Err(NoPart(text.to_owned())));
    }
}
