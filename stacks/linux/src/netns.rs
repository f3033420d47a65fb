//! Network namespaces, held by descriptor and never by name: when the last
//! descriptor goes, however the process ends, the kernel removes them.
//!
//! A namespace belongs to a thread, not to a process. A thread is inside one
//! of ours only while [`Netns::within`] runs, and what needs to be done inside
//! takes an [`Inside`] as its proof, so nothing can be done to the host's own
//! network by mistake. A closure cannot await, so no other task ever runs in
//! the wrong namespace either.

use std::cell::{Cell, OnceCell};
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;

use rustix::fs::{Mode, OFlags, fstat, open};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::error::{Context, LaneError};
use crate::sys;

/// A network namespace made by this process.
#[derive(Debug)]
pub(crate) struct Netns {
    fd: OwnedFd,
}

/// Proof that the thread is in a namespace made by this process.
#[derive(Debug)]
pub(crate) struct Inside<'a> {
    // The raw pointer keeps the proof on its thread.
    of: PhantomData<(&'a Netns, *const ())>,
}

impl Netns {
    /// A new, empty namespace. The thread comes back to where it was.
    pub(crate) fn create() -> Result<Self, LaneError> {
        let home = Home::of_this_thread()?;
        sys::unshare_net().context("creating a network namespace")?;
        let fd = of_this_thread()?;
        if same(&fd, &home.0)? {
            return Err(LaneError::NotIsolated);
        }
        Ok(Self { fd })
    }

    /// One that was made before and is still held by something in it.
    pub(crate) const fn of(fd: OwnedFd) -> Self {
        Self { fd }
    }

    /// Does something inside the namespace.
    pub(crate) fn within<T>(&self, act: impl FnOnce(&Inside<'_>) -> T) -> Result<T, LaneError> {
        let _home = Home::of_this_thread()?;
        move_into(&self.fd).context("entering the lane's network namespace")?;
        Ok(act(&Inside { of: PhantomData }))
    }
}

impl AsFd for Netns {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// The thread's own namespace; dropping it brings the thread back.
struct Home(Rc<OwnedFd>);

thread_local! {
    /// Where the thread belongs. Nothing but this module moves a thread that
    /// has a way back, so once found it stays true.
    static HOME: OnceCell<Rc<OwnedFd>> = const { OnceCell::new() };
    /// Whether it is away from there. It goes to one namespace at a time: the
    /// way back leads home, which would not be where an outer one left it.
    static AWAY: Cell<bool> = const { Cell::new(false) };
}

impl Home {
    /// Refused if there would be no way back: if the namespace belongs to
    /// another user namespace than the thread's rights.
    fn of_this_thread() -> Result<Self, LaneError> {
        if AWAY.get() {
            return Err(LaneError::Nested);
        }
        let home = Self::find()?;
        AWAY.set(true);
        Ok(home)
    }

    fn find() -> Result<Self, LaneError> {
        if let Some(fd) = HOME.with(|home| home.get().cloned()) {
            return Ok(Self(fd));
        }
        let fd = of_this_thread()?;
        move_into(&fd).context("making sure of the way back to the network namespace left")?;
        let fd = HOME.with(|home| Rc::clone(home.get_or_init(|| Rc::new(fd))));
        Ok(Self(fd))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        AWAY.set(false);
        // A thread that cannot come back would do the work of others in the
        // wrong network. That it may was made sure of before it left; if the
        // kernel refuses all the same, nothing that follows can be trusted.
        if move_into(&self.0).is_err() {
            std::process::abort();
        }
    }
}

/// Whether the thread, once it has left its namespace, may come back.
pub(crate) fn may_come_back() -> bool {
    Home::of_this_thread().is_ok()
}

fn move_into(namespace: &OwnedFd) -> io::Result<()> {
    let kind = Some(LinkNameSpaceType::Network);
    move_into_link_name_space(namespace.as_fd(), kind).map_err(Into::into)
}

fn of_this_thread() -> Result<OwnedFd, LaneError> {
    let path = "/proc/thread-self/ns/net";
    open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).context(path)
}

fn same(one: &OwnedFd, other: &OwnedFd) -> Result<bool, LaneError> {
    let what = "looking at a network namespace";
    let (one, other) = (fstat(one).context(what)?, fstat(other).context(what)?);
    Ok((one.st_dev, one.st_ino) == (other.st_dev, other.st_ino))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What would lead back to the wrong place does not begin.
    #[test]
    fn one_namespace_inside_another_is_refused() {
        let (Ok(outer), Ok(home)) = (Netns::create(), of_this_thread()) else {
            return; // no right to make one; the tests of the whole stack say so
        };
        let nested = outer.within(|_| {
            let inner = matches!(Netns::create(), Err(LaneError::Nested));
            (inner, of_this_thread())
        });
        let (is_refused, inside) = nested.unwrap();
        assert!(is_refused);
        assert!(same(&inside.unwrap(), &outer.fd).unwrap());
        assert!(same(&of_this_thread().unwrap(), &home).unwrap());
    }
}
