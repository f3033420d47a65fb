//! Duels as one page, and at the terminal: a matrix of pairs and fault profiles, how fast and how
//! wasteful each was beside the same link without faults, and what went wrong.
//! Offline and readable with scripts off, as the report of a run is.

mod page;
mod summary;
mod text;

use tcpspec_record::Duel;

use summary::Summary;
pub use text::{failure, table};

/// Renders the page of these duels.
#[must_use]
pub fn render(duels: &[Duel]) -> String {
    page::render(&Summary::of(duels))
}
