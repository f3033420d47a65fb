//! A lane as trials see it: the kernel, with the options of one after the other.

use tcpspec_linux::Options;

use super::{Job, Waits};

/// The kernel with the options of the last job, and the lane that it has.
pub(super) struct Kernel<S> {
    made: Option<(Options, S)>,
    pub(super) make: fn(Options) -> S,
}

impl<S: Waits> Kernel<S> {
    pub(super) fn rest(&mut self) {
        if let Some((_, stack)) = &mut self.made {
            stack.rest();
        }
    }
}

impl<S> Kernel<S> {
    pub(super) const fn new(make: fn(Options) -> S) -> Self {
        Self { made: None, make }
    }

    /// The kernel with the options that a job asks for. Another lane is made
    /// only where they are others than before.
    pub(super) fn of(&mut self, job: &Job) -> &mut S {
        let asked = job.stack.options();
        let made = self.made.take().filter(|(options, _)| *options == asked);
        let made = made.unwrap_or_else(|| (asked, (self.make)(asked)));
        &mut self.made.insert(made).1
    }
}
