//! Lanes are made on a thread of their own, for as long as trials wait for
//! them, so that no trial under way waits for that.

use std::sync::Arc;

use tcpspec_connector::StackError;
use tcpspec_linux::Options;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use super::{Job, Kernel, Message, Shared, Waits, lock};

/// An order for a lane: where it is to come to.
pub(super) struct Order<S>(pub(super) UnboundedSender<Kernel<S>>);

/// The thread: makes lanes until nobody is left who could order one, or the
/// machine has no more. Then trials wait for those that there are.
pub(super) async fn supply<S: Waits>(
    shared: Arc<Shared>,
    mut orders: UnboundedReceiver<Order<S>>,
    make: fn(Options) -> S,
) -> std::io::Result<()> {
    let mut made = 0;
    while let Some(Order(to)) = orders.recv().await {
        if lock(&shared.queue).is_empty() {
            continue;
        }
        match ready(&shared, make) {
            // Its thread may have come to the end meanwhile.
            (kernel, Ok(())) => drop(to.send(kernel)),
            (_, Err(error)) => {
                let less = format!("no more than {made} lanes could be added: {error}");
                // If nobody listens any more, the run is over anyhow.
                let _ = shared.sender.send(Message::Less(less));
                break;
            }
        }
        made += 1;
    }
    Ok(())
}

/// A kernel that is ready for the next trials, with an address of each version of
/// IP that they have; or what came in between.
pub(super) fn ready<S: Waits>(
    shared: &Shared,
    make: fn(Options) -> S,
) -> (Kernel<S>, Result<(), StackError>) {
    let mut kernel = Kernel::new(make);
    let mut next: Vec<Job> = lock(&shared.queue).iter().take(WORLDS).cloned().collect();
    next.dedup_by_key(|job| (job.stack.clone(), job.plan.id.ip));
    let mut open = next.iter().filter(|job| job.stack == next[0].stack);
    let opened = open.try_for_each(|job| kernel.of(job).open(&job.plan.setup()).map(drop));
    (kernel, opened)
}

/// Trials of one variant that come one after the other.
const WORLDS: usize = 4;
