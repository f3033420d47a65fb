//! Source routes: the routers that a case names, and what a packet's route reads
//! like in its words.

use std::net::{IpAddr, Ipv4Addr};

use tcpspec_casefile::Route;
use tcpspec_connector::Setup;
use tcpspec_wire::SourceRoute;

use crate::eval::unclear;
use crate::halt::Halt;

/// The network of the routers, all of them addresses of the link: r1 is .101.
const NETWORK: [u8; 3] = [192, 0, 2];
const BELOW_FIRST: u8 = 100;
/// How many there are.
const COUNT: u8 = 9;

fn router(number: u8) -> Ipv4Addr {
    let [a, b, c] = NETWORK;
    Ipv4Addr::new(a, b, c, BELOW_FIRST + number)
}

/// The route that a case names; none of `none`.
pub(crate) fn source_route(route: &Route, setup: &Setup) -> Result<Option<SourceRoute>, Halt> {
    if setup.stack.is_ipv6() {
        return Err(unclear("IPv6 has no source routes: say `needs: [ipv4]`"));
    }
    let routers: Vec<Ipv4Addr> = route.routers.iter().copied().map(router).collect();
    Ok(SourceRoute::new(route.strict, &routers))
}

/// The route of a packet of the stack to `end`, in the words of a case, with what
/// is wrong about it: the stack is the source, and the peer the end.
pub(crate) fn shown(route: &SourceRoute, end: IpAddr, peer: IpAddr) -> String {
    let names: Vec<String> = route.routers().iter().map(name).collect();
    let mut text = names.join(",");
    if route.is_strict() {
        text.insert_str(0, "strict:");
    }
    if route.passed() > 0 {
        text.push_str(&format!(" with {} behind it", route.passed()));
    }
    if end != peer {
        text.push_str(&format!(" to {end}"));
    }
    text
}

/// A router by its name in cases, if it has one.
fn name(address: &Ipv4Addr) -> String {
    let known = (1..=COUNT).find(|number| router(*number) == *address);
    known.map_or_else(|| address.to_string(), |number| format!("r{number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);

    #[rstest::rstest]
    #[case::by_name(false, &[router(1), router(9)], 0, PEER, "r1,r9")]
    #[case::strict(true, &[router(2)], 0, PEER, "strict:r2")]
    #[case::stranger(false, &[router(1), PEER], 0, PEER, "r1,192.0.2.2")]
    #[case::begun(false, &[router(1)], 1, PEER, "r1 with 1 behind it")]
    #[case::astray(false, &[router(1)], 0, router(3), "r1 to 192.0.2.103")]
    fn route_is_shown_in_the_words_of_cases(
        #[case] strict: bool,
        #[case] routers: &[Ipv4Addr],
        #[case] passed: usize,
        #[case] end: Ipv4Addr,
        #[case] text: &str,
    ) {
        let route = SourceRoute::new(strict, routers)
            .unwrap()
            .with_passed(passed);
        assert_eq!(shown(&route, end.into(), PEER.into()), text);
    }
}
