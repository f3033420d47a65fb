//! Source routes: the routers by which an IPv4 packet goes (RFC 791). IPv6 has
//! none any more (RFC 5095).
//!
//! On the wire a route is spread over the header: a packet is addressed to the
//! next router, its last address is in the option. Here it is in one piece, and
//! the destination of an [`IpHeader`](crate::IpHeader) is where the packet ends,
//! which is what a TCP and its checksum mean by it.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

/// A source route of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceRoute {
    strict: bool,
    /// Those behind the last are unspecified.
    routers: [Ipv4Addr; Self::MAX],
    count: u8,
    passed: u8,
}

/// Kinds of IPv4 options.
mod kind {
    pub(super) const END: u8 = 0;
    pub(super) const NOP: u8 = 1;
    pub(super) const LOOSE: u8 = 131;
    pub(super) const STRICT: u8 = 137;
}

/// Octets of the option before its first address, and where that is by its
/// pointer.
const HEAD: usize = 3;
const FIRST: usize = HEAD + 1;

impl SourceRoute {
    /// The most routers that the header has room for.
    pub const MAX: usize = 9;

    /// A route by these routers, none of which is passed; `None` without any,
    /// and of more than [`MAX`](Self::MAX). A strict one leads by no others.
    #[must_use]
    pub fn new(strict: bool, routers: &[Ipv4Addr]) -> Option<Self> {
        if routers.is_empty() {
            return None;
        }
        let mut places = [Ipv4Addr::UNSPECIFIED; Self::MAX];
        places.get_mut(..routers.len())?.copy_from_slice(routers);
        Some(Self {
            strict,
            routers: places,
            count: routers.len() as u8,
            passed: 0,
        })
    }

    /// The same with this many routers passed, or all of them.
    #[must_use]
    pub fn with_passed(self, passed: usize) -> Self {
        Self {
            passed: passed.min(self.count.into()) as u8,
            ..self
        }
    }

    /// Whether it leads by no other routers.
    #[must_use]
    pub const fn is_strict(&self) -> bool {
        self.strict
    }

    /// The routers in the order of the way.
    #[must_use]
    pub fn routers(&self) -> &[Ipv4Addr] {
        &self.routers[..self.count.into()]
    }

    /// How many of them the packet has passed.
    #[must_use]
    pub const fn passed(&self) -> usize {
        self.passed as usize
    }

    /// Whether no router is ahead: the packet is where it was to go.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.passed == self.count
    }

    /// The way back to `src`, from which it came. A source that has recorded
    /// itself is no router (RFC 1122 section 3.2.1.8); `None` if no other is left.
    #[must_use]
    pub fn back_to(&self, src: Ipv4Addr) -> Option<Self> {
        let mut routers: Vec<Ipv4Addr> = self.routers().to_vec();
        routers.reverse();
        routers.pop_if(|last| *last == src);
        Self::new(self.strict, &routers)
    }

    /// Octets by which it makes a header longer, with the one that pads them.
    #[must_use]
    pub const fn wire_len(&self) -> usize {
        1 + HEAD + 4 * self.count as usize
    }

    /// What stands in the header of a packet to `end`: the address to which it
    /// goes next, and the option, behind an octet that puts its addresses on
    /// boundaries.
    pub(crate) fn encode(&self, end: Ipv4Addr) -> (Ipv4Addr, Vec<u8>) {
        let (behind, ahead) = self.routers().split_at(self.passed());
        let ahead: Vec<Ipv4Addr> = ahead.iter().copied().chain([end]).collect();
        let listed = behind.iter().chain(&ahead[1..]);
        (ahead[0], self.option(listed))
    }

    /// The option as an application hands it to its IP, which has yet to take the
    /// first router out and to put the end in.
    #[must_use]
    pub fn unsent(&self) -> Vec<u8> {
        self.option(self.routers().iter())
    }

    /// The option with these addresses.
    fn option<'a>(&self, listed: impl Iterator<Item = &'a Ipv4Addr>) -> Vec<u8> {
        let kind = if self.strict {
            kind::STRICT
        } else {
            kind::LOOSE
        };
        let pointer = FIRST + 4 * self.passed();
        let len = self.wire_len() - 1;
        let mut octets = vec![kind::NOP, kind, len as u8, pointer as u8];
        octets.extend(listed.flat_map(Ipv4Addr::octets));
        octets
    }

    /// The first source route among the options of a packet that goes to `next`,
    /// with where the packet is to end. One that follows no format is none.
    #[cold]
    pub(crate) fn decode(next: Ipv4Addr, options: &[u8]) -> Option<(Self, Ipv4Addr)> {
        let option = find(options)?;
        let (head, data) = option.split_at_checked(HEAD)?;
        let (listed, []) = data.as_chunks::<4>() else {
            return None;
        };
        let pointer = usize::from(head[2]).checked_sub(FIRST)?;
        let passed = pointer / 4;
        if pointer % 4 != 0 || passed > listed.len() {
            return None;
        }
        let mut way: Vec<Ipv4Addr> = listed.iter().copied().map(Ipv4Addr::from).collect();
        way.insert(passed, next);
        let end = way.pop()?;
        let route = Self::new(head[0] == kind::STRICT, &way)?;
        Some((route.with_passed(passed), end))
    }
}

/// The octets of the first source route among options.
fn find(mut options: &[u8]) -> Option<&[u8]> {
    loop {
        options = match *options {
            [] | [kind::END, ..] => return None,
            [kind::NOP, ref rest @ ..] => rest,
            [kind, len, ..] if len >= 2 => {
                let (option, rest) = options.split_at_checked(len.into())?;
                if matches!(kind, kind::LOOSE | kind::STRICT) {
                    return Some(option);
                }
                rest
            }
            _ => return None,
        };
    }
}

/// `192.0.2.7,192.0.2.8`, and `strict:` before one that is; the routers that
/// were passed are not told apart.
impl fmt::Display for SourceRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.strict { "strict:" } else { "" })?;
        let routers: Vec<String> = self.routers().iter().map(Ipv4Addr::to_string).collect();
        f.write_str(&routers.join(","))
    }
}

/// The text is not that of a source route.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not one to nine IPv4 addresses with `,` between them")]
pub struct BadRoute(pub String);

/// The inverse of `Display`.
impl FromStr for SourceRoute {
    type Err = BadRoute;

    fn from_str(text: &str) -> Result<Self, BadRoute> {
        let bad = || BadRoute(text.to_owned());
        let (strict, list) = match text.strip_prefix("strict:") {
            Some(list) => (true, list),
            None => (false, text),
        };
        let routers: Result<Vec<Ipv4Addr>, _> = list.split(',').map(str::parse).collect();
        let routers = routers.map_err(|_| bad())?;
        Self::new(strict, &routers).ok_or_else(bad)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const END: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 9);

    fn routers(hosts: &[u8]) -> Vec<Ipv4Addr> {
        let router = |host: &u8| Ipv4Addr::new(198, 51, 100, *host);
        hosts.iter().map(router).collect()
    }

    fn route(strict: bool, hosts: &[u8]) -> Option<SourceRoute> {
        SourceRoute::new(strict, &routers(hosts))
    }

    /// By routers 1 and 2: to whom the header goes, and what the option holds.
    #[rstest]
    #[case::at_the_source(0, routers(&[1])[0], [routers(&[2])[0], END])]
    #[case::between(1, routers(&[2])[0], [routers(&[1])[0], END])]
    #[case::at_the_end(2, END, [routers(&[1])[0], routers(&[2])[0]])]
    fn option_is_written_as_rfc_791_has_it(
        #[case] passed: usize,
        #[case] next: Ipv4Addr,
        #[case] listed: [Ipv4Addr; 2],
        #[values((false, 131), (true, 137))] (strict, kind): (bool, u8),
    ) {
        let route = route(strict, &[1, 2]).unwrap().with_passed(passed);
        let mut octets = vec![1, kind, 11, 4 + 4 * passed as u8];
        octets.extend(listed.iter().flat_map(Ipv4Addr::octets));
        assert_eq!(route.encode(END), (next, octets.clone()));
        assert_eq!(octets.len(), route.wire_len());
        assert_eq!(SourceRoute::decode(next, &octets), Some((route, END)));
        assert_eq!(route.is_complete(), passed == 2);
    }

    #[rstest]
    #[case::none(&[])]
    #[case::behind_the_end(&[0, 131, 7, 4, 1, 2, 3, 4])]
    #[case::cut(&[131])]
    #[case::longer_than_the_header(&[131, 8, 4, 1, 2, 3, 4])]
    #[case::behind_a_length_of_zero(&[7, 0, 131, 7, 4, 1, 2, 3, 4])]
    #[case::without_pointer(&[131, 2, 4, 4])]
    #[case::without_addresses(&[131, 3, 4, 0])]
    #[case::half_an_address(&[131, 5, 4, 1, 2])]
    #[case::pointer_into_the_head(&[131, 7, 3, 1, 2, 3, 4])]
    #[case::pointer_into_an_address(&[131, 7, 5, 1, 2, 3, 4])]
    #[case::pointer_beyond_the_end(&[131, 7, 12, 1, 2, 3, 4])]
    fn what_follows_no_format_is_no_route(#[case] options: &[u8]) {
        assert_eq!(SourceRoute::decode(END, options), None);
    }

    #[rstest]
    #[case::other_option_before_it(&[7, 3, 4, 131, 7, 4, 192, 0, 2, 9, 0])]
    #[case::first_of_two(&[131, 7, 4, 192, 0, 2, 9, 137, 7, 4, 1, 2, 3, 4])]
    fn route_is_found_among_options(#[case] options: &[u8]) {
        let found = SourceRoute::decode(routers(&[1])[0], options);
        assert_eq!(found, route(false, &[1]).map(|route| (route, END)));
    }

    /// How many there may be, and the way back to a source that is 7.
    #[rstest]
    #[case::none(&[], None)]
    #[case::one(&[1], Some(&[1][..]))]
    #[case::several(&[1, 2, 3], Some(&[3, 2, 1][..]))]
    #[case::source_has_recorded_itself(&[7, 1, 2], Some(&[2, 1][..]))]
    #[case::nobody_else(&[7], None)]
    #[case::ten(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], None)]
    fn way_back_is_the_way_reversed(#[case] there: &[u8], #[case] back: Option<&[u8]>) {
        for strict in [false, true] {
            let there = route(strict, there).map(|route| route.with_passed(9));
            let found = there.and_then(|route| route.back_to(routers(&[7])[0]));
            assert_eq!(found, back.and_then(|back| route(strict, back)));
        }
    }

    #[rstest]
    #[case::loose("198.51.100.1,198.51.100.2", true)]
    #[case::strict("strict:198.51.100.7", true)]
    #[case::none("", false)]
    #[case::no_address("198.51.100", false)]
    #[case::nothing_behind_the_comma("198.51.100.1,", false)]
    #[case::of_ipv6("2001:db8::1", false)]
    fn text_is_read_as_it_is_written(#[case] text: &str, #[case] is_route: bool) {
        let read = text.parse::<SourceRoute>().map(|route| route.to_string());
        let expected = if is_route {
            Ok(text)
        } else {
            Err(BadRoute(text.to_owned()))
        };
        assert_eq!(read, expected.map(str::to_owned));
    }
}
