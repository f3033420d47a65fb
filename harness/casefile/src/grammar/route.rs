//! Source routes: `r1,r2`, `strict:r1`, `none`.

use tcpspec_wire::SourceRoute;

use super::Reading;
use super::words::Word;
use crate::diagnostic::{Code, Fault};
use crate::segment::Route;

/// Reads the value of `route=`.
pub(super) fn read_route(word: Word<'_>, reading: &mut Reading<'_>) -> Option<Route> {
    let (strict, names) = match word.text.strip_prefix("strict:") {
        Some(names) => (true, names),
        None => (false, word.text),
    };
    let routers: Option<Vec<u8>> = match word.text {
        "none" => Some(Vec::new()),
        _ => names.split(',').map(number).collect(),
    };
    let routers = routers.filter(|routers| routers.len() <= SourceRoute::MAX);
    if routers.is_none() {
        let message = format!("`{}` is not a source route", word.text);
        let fault = Fault::new(Code::Argument, word.span(), message);
        reading.fault(fault.help(
            "write up to nine of the routers r1 to r9, as in `route=r1,r2` or `route=strict:r1`, or `route=none`",
        ));
    }
    routers.map(|routers| Route { strict, routers })
}

/// The number of a router by its name.
fn number(name: &str) -> Option<u8> {
    let number = name.strip_prefix('r')?.parse().ok()?;
    let is_known = (1..=9).contains(&number) && name.len() == 2;
    is_known.then_some(number)
}
