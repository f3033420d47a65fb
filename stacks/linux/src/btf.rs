//! What the kernel that runs says of its own types (BTF): where a member of a
//! structure lies, and the names of an enumeration's values. So nothing that
//! differs between kernels stands in a table here.
//!
//! Types are found by name; what else BTF holds is skipped.

use std::collections::BTreeMap;
use std::{fs, io};

/// The kernel's own description of its types.
#[derive(Debug)]
pub(crate) struct Btf {
    types: Vec<u8>,
    strings: Vec<u8>,
    /// Where each type begins in `types`; the first one has the number 1.
    starts: Vec<usize>,
}

impl Btf {
    /// That of the kernel that runs.
    pub(crate) fn of_kernel() -> io::Result<Self> {
        Self::parse(&fs::read("/sys/kernel/btf/vmlinux")?).ok_or_else(|| {
            let what = "the kernel's description of its types cannot be read";
            io::Error::new(io::ErrorKind::InvalidData, what)
        })
    }

    fn parse(octets: &[u8]) -> Option<Self> {
        let word = |at| word(octets, at);
        if word(0)? & 0xffff != MAGIC {
            return None;
        }
        let header = word(4)?;
        let part = |at| {
            let start = header.checked_add(word(at)?)? as usize;
            let end = start.checked_add(word(at + 4)? as usize)?;
            octets.get(start..end).map(<[u8]>::to_vec)
        };
        let (types, strings) = (part(8)?, part(16)?);
        let mut starts = Vec::new();
        let mut at = 0;
        while at < types.len() {
            starts.push(at);
            at += Type::read(&types, at)?.len()?;
        }
        Some(Self {
            types,
            strings,
            starts,
        })
    }

    /// Where a member of a structure begins, in octets; members of unnamed
    /// structures and unions in it count as its own.
    pub(crate) fn offset(&self, structure: &str, member: &str) -> Option<u32> {
        let structures = self.starts.iter().filter_map(|at| self.read(*at));
        let mut named = structures
            .filter(|found| found.kind() == STRUCT && self.is_named(found.name, structure));
        named.find_map(|found| self.member(&found, member, DEPTH))
    }

    /// The values of an enumeration with their names.
    pub(crate) fn enumerators(&self, enumeration: &str) -> BTreeMap<u32, String> {
        let types = self.starts.iter().filter_map(|at| self.read(*at));
        let mut named =
            types.filter(|found| found.kind() == ENUM && self.is_named(found.name, enumeration));
        let entries = named.next().map_or(Vec::new(), |found| found.entries(2));
        let named = entries.iter().map(|entry| (entry[1], self.text(entry[0])));
        named.collect()
    }

    fn member(&self, of: &Type<'_>, name: &str, depth: usize) -> Option<u32> {
        of.entries(3).iter().find_map(|entry| {
            let bits = if of.has_bit_fields() {
                entry[2] & 0xff_ffff
            } else {
                entry[2]
            };
            if self.is_named(entry[0], name) {
                return Some(bits / 8);
            }
            if entry[0] != 0 || depth == 0 {
                return None;
            }
            let start = self.starts.get((entry[1] as usize).checked_sub(1)?)?;
            let inner = self.read(*start)?;
            let is_nested = matches!(inner.kind(), STRUCT | UNION);
            let within = is_nested.then(|| self.member(&inner, name, depth - 1))??;
            Some(bits / 8 + within)
        })
    }

    fn read(&self, at: usize) -> Option<Type<'_>> {
        Type::read(&self.types, at)
    }

    fn is_named(&self, at: u32, name: &str) -> bool {
        let rest = self.strings.get(at as usize..).unwrap_or_default();
        rest.strip_prefix(name.as_bytes())
            .is_some_and(|rest| rest.first() == Some(&0))
    }

    fn text(&self, at: u32) -> String {
        let rest = self.strings.get(at as usize..).unwrap_or_default();
        let text = rest.split(|octet| *octet == 0).next();
        String::from_utf8_lossy(text.unwrap_or_default()).into_owned()
    }
}

/// One type, as it is written.
#[derive(Debug)]
struct Type<'a> {
    name: u32,
    info: u32,
    /// What follows, to the end of all types.
    rest: &'a [u8],
}

impl<'a> Type<'a> {
    fn read(types: &'a [u8], at: usize) -> Option<Self> {
        Some(Self {
            name: word(types, at)?,
            info: word(types, at + 4)?,
            rest: types.get(at + HEAD..)?,
        })
    }

    const fn kind(&self) -> u32 {
        self.info >> 24 & 0x1f
    }

    const fn has_bit_fields(&self) -> bool {
        self.info >> 31 == 1
    }

    const fn count(&self) -> usize {
        self.info as usize & 0xffff
    }

    /// Octets of it; `None` if it is of a kind that did not exist yet.
    const fn len(&self) -> Option<usize> {
        let entry = match self.kind() {
            INT | VAR | DECL_TAG => return Some(HEAD + 4),
            ARRAY => return Some(HEAD + 12),
            PTR | FWD..=FUNC | FLOAT | TYPE_TAG => 0,
            STRUCT | UNION | DATASEC | ENUM64 => 12,
            ENUM | FUNC_PROTO => 8,
            _ => return None,
        };
        Some(HEAD + entry * self.count())
    }

    /// Its members or values, of so many words each.
    fn entries(&self, words: usize) -> Vec<[u32; 3]> {
        let entry = |octets: &[u8]| [0, 4, 8].map(|at| word(octets, at).unwrap_or(0));
        let octets = self.rest.chunks_exact(words * 4);
        octets.take(self.count()).map(entry).collect()
    }
}

fn word(octets: &[u8], at: usize) -> Option<u32> {
    let word = octets.get(at..)?.first_chunk()?;
    Some(u32::from_ne_bytes(*word))
}

const MAGIC: u32 = 0xeb9f;
/// Octets of every type's beginning.
const HEAD: usize = 12;
/// How deep unnamed structures lie in each other.
const DEPTH: usize = 8;

const INT: u32 = 1;
const PTR: u32 = 2;
const ARRAY: u32 = 3;
const STRUCT: u32 = 4;
const UNION: u32 = 5;
const ENUM: u32 = 6;
const FWD: u32 = 7;
const FUNC: u32 = 12;
const FUNC_PROTO: u32 = 13;
const VAR: u32 = 14;
const DATASEC: u32 = 15;
const FLOAT: u32 = 16;
const DECL_TAG: u32 = 17;
const TYPE_TAG: u32 = 18;
const ENUM64: u32 = 19;

#[cfg(test)]
mod tests {
    use super::*;

    const STRINGS: &[u8] = b"\0outer\0first\0deep\0why\0LATE\0";

    fn at(name: &str) -> u32 {
        let mut windows = STRINGS.windows(name.len());
        let at = windows.position(|window| window == name.as_bytes());
        at.map_or(0, |at| at as u32)
    }

    /// `struct outer { int first; union { int deep; }; }`, `enum why { LATE = 7 }`.
    fn example() -> Vec<u8> {
        let kind = |kind: u32, count: u32| kind << 24 | count;
        let types = [
            [0, kind(INT, 0), 4].as_slice(),
            &[32],
            &[0, kind(UNION, 1), 4],
            &[at("deep"), 1, 0],
            &[at("outer"), kind(STRUCT, 2), 8],
            &[at("first"), 1, 0],
            &[0, 2, 32],
            &[at("why"), kind(ENUM, 1), 4],
            &[at("LATE"), 7],
        ]
        .concat();
        let types_len = types.len() as u32 * 4;
        let header = [MAGIC, 24, 0, types_len, types_len, STRINGS.len() as u32];
        let words = header.iter().chain(&types);
        let mut octets: Vec<u8> = words.flat_map(|word| word.to_ne_bytes()).collect();
        octets.extend(STRINGS);
        octets
    }

    #[test]
    fn members_and_values_are_found_by_name() {
        let btf = Btf::parse(&example()).unwrap();
        assert_eq!(btf.offset("outer", "first"), Some(0));
        assert_eq!(btf.offset("outer", "deep"), Some(4));
        assert_eq!(btf.offset("outer", "dee"), None);
        assert_eq!(btf.offset("why", "LATE"), None);
        assert_eq!(
            btf.enumerators("why"),
            BTreeMap::from([(7, "LATE".to_owned())])
        );
        assert_eq!(btf.enumerators("outer"), BTreeMap::new());
    }

    #[test]
    fn cut_octets_are_refused_or_hold_less() {
        let whole = example();
        for len in 0..whole.len() {
            assert!(Btf::parse(&whole[..len]).is_none(), "{len}");
        }
    }
}
