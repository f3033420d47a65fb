//! The system calls of BPF: maps, a program at a tracepoint, and the ring
//! buffer that it writes to. What the program does is not known here.

use std::io;
use std::mem::size_of;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// What kind of map to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum MapKind {
    /// Entries of 8 octets under keys of 8 octets.
    Hash = 1,
    /// Octets in order, read through [`Ring`].
    Ring = 27,
}

/// Makes a map of so many entries, or of so many octets if it is a ring.
pub(crate) fn map(kind: MapKind, size: u32) -> io::Result<OwnedFd> {
    let entry = match kind {
        MapKind::Hash => 8,
        MapKind::Ring => 0,
    };
    // SAFETY: MAP_CREATE reads five u32 and no pointer.
    let fd = unsafe { bpf(MAP_CREATE, &[kind as u32, entry, entry, size, 0]) }?;
    Ok(owned(fd))
}

/// Puts a value into a hash map.
pub(crate) fn put(map: BorrowedFd<'_>, key: u64, value: u64) -> io::Result<()> {
    let (key, value) = (&raw const key as u64, &raw const value as u64);
    // SAFETY: MAP_UPDATE_ELEM reads 8 octets behind each pointer, as the maps
    // of this module have it; both are alive.
    unsafe { bpf(MAP_UPDATE_ELEM, &[map.as_raw_fd() as u64, key, value, 0]) }.map(drop)
}

/// Takes an entry out of a hash map.
pub(crate) fn remove(map: BorrowedFd<'_>, key: u64) -> io::Result<()> {
    let key = &raw const key as u64;
    // SAFETY: MAP_DELETE_ELEM reads 8 octets behind `key`, which is alive.
    unsafe { bpf(MAP_DELETE_ELEM, &[map.as_raw_fd() as u64, key, 0, 0]) }.map(drop)
}

/// Has the kernel verify a program and run it at a raw tracepoint, until the
/// descriptor is closed.
pub(crate) fn attach(program: &[u64], tracepoint: &std::ffi::CStr) -> io::Result<OwnedFd> {
    let kind_and_length = u64::from(RAW_TRACEPOINT) | (program.len() as u64) << 32;
    let request = [
        kind_and_length,
        program.as_ptr() as u64,
        LICENSE.as_ptr() as u64,
        0, // no log
        0,
        0,
    ];
    // SAFETY: PROG_LOAD reads the instructions and the licence, both alive and
    // of the stated length; the kernel runs only what it has verified.
    let program = owned(unsafe { bpf(PROG_LOAD, &request) }?);
    let request = [tracepoint.as_ptr() as u64, program.as_raw_fd() as u64];
    // SAFETY: RAW_TRACEPOINT_OPEN reads the name, which is alive.
    unsafe { bpf(RAW_TRACEPOINT_OPEN, &request) }.map(owned)
}

/// The reading end of a ring buffer.
#[derive(Debug)]
pub(crate) struct Ring {
    /// Page with the reader's position, which the reader may write.
    consumer: Mapping,
    /// Page with the writer's position and then the data, twice in a row, so
    /// that no record is ever seen in two parts.
    producer: Mapping,
    size: usize,
    page: usize,
}

/// What was read from a ring.
#[derive(Debug)]
pub(crate) struct Record<const N: usize> {
    pub(crate) octets: [u8; N],
    /// There was no room for another one when it was read, so that some may be
    /// missing behind it.
    pub(crate) full: bool,
}

impl Ring {
    /// Maps a ring of this many octets, a power of two.
    pub(crate) fn map(fd: BorrowedFd<'_>, size: u32) -> io::Result<Self> {
        let (size, page) = (size as usize, rustix::param::page_size());
        let write = libc::PROT_READ | libc::PROT_WRITE;
        Ok(Self {
            consumer: Mapping::new(fd, page, 0, write)?,
            producer: Mapping::new(fd, page + 2 * size, page, libc::PROT_READ)?,
            size,
            page,
        })
    }

    /// The next record; `None` if there is none yet.
    ///
    /// One that is being written is waited for: its writer is at it on another
    /// processor, and the one behind it may be what the caller looks for.
    pub(crate) fn next<const N: usize>(&mut self) -> Option<Record<N>> {
        let (written, read) = (self.written(), self.read());
        let position = read.load(Ordering::Relaxed);
        let waiting = written.load(Ordering::Acquire).wrapping_sub(position) as usize;
        if waiting == 0 {
            return None;
        }
        let start = self.page + (position as usize & (self.size - 1));
        let octets = self.length(start)?;
        let taken = (HEADER + octets as usize).next_multiple_of(8);
        // SAFETY: N octets behind the header are inside the double mapping; the
        // writer leaves them alone until they were read.
        let record = unsafe { self.producer.at(start + HEADER).cast::<[u8; N]>().read() };
        read.store(position + taken as u64, Ordering::Release);
        Some(Record {
            octets: record,
            full: waiting + taken >= self.size,
        })
    }

    /// The length of the record at `start`, once it is complete.
    fn length(&self, start: usize) -> Option<u32> {
        let header = self.header(start);
        for _ in 0..PATIENCE {
            let length = header.load(Ordering::Acquire);
            if length & BUSY == 0 {
                return Some(length & LENGTH);
            }
            std::thread::yield_now();
        }
        None
    }

    fn read(&self) -> &AtomicU64 {
        // SAFETY: the page begins with this word, aligned, and both sides
        // access it atomically.
        unsafe { self.consumer.at(0).cast::<AtomicU64>().as_ref() }
    }

    fn written(&self) -> &AtomicU64 {
        // SAFETY: as in `read`; this page is only ever loaded from.
        unsafe { self.producer.at(0).cast::<AtomicU64>().as_ref() }
    }

    fn header(&self, start: usize) -> &AtomicU32 {
        // SAFETY: records begin at multiples of 8 inside the mapping; the word
        // is only ever loaded from.
        unsafe { self.producer.at(start).cast::<AtomicU32>().as_ref() }
    }
}

/// Pages of a map, shared with the kernel.
#[derive(Debug)]
struct Mapping {
    start: NonNull<u8>,
    len: usize,
}

impl Mapping {
    fn new(fd: BorrowedFd<'_>, len: usize, offset: usize, protection: i32) -> io::Result<Self> {
        let offset = libc::off_t::try_from(offset).map_err(io::Error::other)?;
        // SAFETY: a new mapping at an address of the kernel's choice.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                len,
                protection,
                libc::MAP_SHARED,
                fd.as_raw_fd(),
                offset,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::InvalidData)?;
        Ok(Self { start, len })
    }

    /// # Safety
    ///
    /// `offset` must be inside the mapping.
    unsafe fn at(&self, offset: usize) -> NonNull<u8> {
        debug_assert!(offset < self.len);
        // SAFETY: the caller answers for the offset.
        unsafe { self.start.add(offset) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and nothing borrows from it any more.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.len) };
    }
}

// SAFETY: the pages belong to no thread.
unsafe impl Send for Mapping {}

/// Makes the call `bpf(2)` with a request that may be shorter than the
/// kernel's `union bpf_attr`: the rest counts as zero.
///
/// # Safety
///
/// Pointers in the request must be what the command reads and writes.
unsafe fn bpf<T, const N: usize>(command: libc::c_int, request: &[T; N]) -> io::Result<i32> {
    let len = size_of::<[T; N]>();
    // SAFETY: `request` is alive and `len` octets long; the caller answers for
    // what it points to.
    let ret = unsafe { libc::syscall(libc::SYS_bpf, command, request.as_ptr(), len) };
    i32::try_from(ret)
        .ok()
        .filter(|ret| *ret >= 0)
        .ok_or_else(io::Error::last_os_error)
}

fn owned(fd: i32) -> OwnedFd {
    // SAFETY: the kernel has just made this descriptor for us.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

const MAP_CREATE: libc::c_int = 0;
const MAP_UPDATE_ELEM: libc::c_int = 2;
const MAP_DELETE_ELEM: libc::c_int = 3;
const PROG_LOAD: libc::c_int = 5;
const RAW_TRACEPOINT_OPEN: libc::c_int = 17;
/// The program type.
const RAW_TRACEPOINT: u32 = 17;
/// Reading the kernel's memory is for programs that say they may be used
/// under its licence.
const LICENSE: &std::ffi::CStr = c"Dual MIT/GPL";
/// Octets in front of each record: its length with two flags, and an offset.
const HEADER: usize = 8;
const BUSY: u32 = 1 << 31;
/// The two highest bits are flags; the program discards nothing.
const LENGTH: u32 = (1 << 30) - 1;
/// How often a record that is being written is looked at. Writing takes less
/// than a microsecond, if the processor is not taken away meanwhile.
const PATIENCE: usize = 100_000;
