//! The system calls that rustix has no safe form of: TUN ioctls, the packet
//! tap with its time stamps, `unshare`, and below, [`bpf`]. The only module of
//! the workspace's own stacks with `unsafe` code; everything it offers is safe
//! to call.

#![expect(
    unsafe_code,
    reason = "system calls without a safe wrapper, each with its own comment"
)]

pub(crate) mod bpf;
pub(crate) mod priority;
pub(crate) mod signal;

use std::io;
use std::mem::{size_of, zeroed};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Duration;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Turns the return value of a system call into a result.
fn check(ret: libc::c_int) -> io::Result<libc::c_int> {
    if ret < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(ret)
    }
}

/// Moves the calling thread into a new, empty network namespace.
pub(crate) fn unshare_net() -> io::Result<()> {
    // SAFETY: takes no pointer. CLONE_NEWNET changes which network the thread
    // sees and nothing that memory safety rests on (no CLONE_FILES).
    check(unsafe { libc::unshare(libc::CLONE_NEWNET) }).map(drop)
}

/// The network namespace that a socket is in.
pub(crate) fn namespace_of(socket: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    // SAFETY: the request takes no argument.
    let fd = check(unsafe { libc::ioctl(socket.as_raw_fd(), SIOCGSKNS) })?;
    // SAFETY: the kernel has made the descriptor for the caller alone.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// As `linux/sockios.h` has it.
const SIOCGSKNS: libc::Ioctl = 0x894c;

/// Moves the process, which must have one thread, into a new user namespace
/// with all capabilities, and into a new network namespace owned by it.
///
/// In two steps, because some systems allow the first and then withhold the
/// capabilities: the second step finds that out.
pub(crate) fn unshare_user_and_net() -> io::Result<()> {
    // SAFETY: as in `unshare_net`; the kernel refuses processes with threads.
    check(unsafe { libc::unshare(libc::CLONE_NEWUSER) })?;
    unshare_net()
}

/// Whether this process could move into a user and a network namespace: a
/// child tries it and ends.
pub(crate) fn try_unshare_in_child() -> io::Result<()> {
    // SAFETY: between fork and _exit the child calls only unshare and reads
    // errno, which are async-signal-safe, so locks held by other threads of
    // the parent do not matter.
    let child = check(unsafe { libc::fork() })?;
    if child == 0 {
        let code = unshare_user_and_net().map_or_else(|error| error.raw_os_error(), |()| Some(0));
        // SAFETY: ends the child without running any handler of the parent.
        unsafe { libc::_exit(code.unwrap_or(libc::EIO)) }
    }
    let mut status = 0;
    // SAFETY: `status` is a live, writable int; `child` is our own child.
    while check(unsafe { libc::waitpid(child, &raw mut status, 0) })
        .is_err_and(|error| error.kind() == io::ErrorKind::Interrupted)
    {}
    match (libc::WIFEXITED(status), libc::WEXITSTATUS(status)) {
        (true, 0) => Ok(()),
        (true, code) => Err(io::Error::from_raw_os_error(code)),
        (false, _) => Err(io::Error::other("the probing child was killed")),
    }
}

/// Makes a TUN device of this name in the thread's network namespace. Each
/// packet on `fd` is preceded by four octets: flags and Ethernet type.
pub(crate) fn tun_attach(fd: BorrowedFd<'_>, name: &str) -> io::Result<()> {
    attach(fd, name, libc::IFF_TUN)
}

/// Attaches `fd` to the TUN device of this name, or the TAP device, without
/// anything before its packets.
pub(crate) fn device_attach(fd: BorrowedFd<'_>, name: &str, tap: bool) -> io::Result<()> {
    let kind = if tap { libc::IFF_TAP } else { libc::IFF_TUN };
    attach(fd, name, kind | libc::IFF_NO_PI)
}

fn attach(fd: BorrowedFd<'_>, name: &str, flags: libc::c_int) -> io::Result<()> {
    let mut request = named(name);
    request.ifr_ifru.ifru_flags = flags as libc::c_short;
    // SAFETY: TUNSETIFF reads and writes one `ifreq`, which `request` is.
    check(unsafe { libc::ioctl(fd.as_raw_fd(), libc::TUNSETIFF as _, &raw mut request) }).map(drop)
}

/// Lets the device of `fd` outlive it, so that closing `fd`, also by the end of
/// the process, need not wait for the kernel to take the device down (16 to
/// 28 ms). The device goes with its namespace, in the background.
pub(crate) fn tun_persist(fd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: TUNSETPERSIST takes an integer, no pointer.
    check(unsafe { libc::ioctl(fd.as_raw_fd(), libc::TUNSETPERSIST as _, 1) }).map(drop)
}

/// Has the packet socket `fd` hand packets to the device without its queue.
pub(crate) fn packet_bypass_queue(fd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: PACKET_QDISC_BYPASS reads an int and keeps no pointer.
    unsafe { set_option(fd, libc::SOL_PACKET, libc::PACKET_QDISC_BYPASS, &1_i32) }
}

/// Gets or sets a switch of a network device, as `command` says; its value.
pub(crate) fn ethtool(
    socket: BorrowedFd<'_>,
    interface: &str,
    command: u32,
    value: u32,
) -> io::Result<u32> {
    let mut switch = [command, value]; // `struct ethtool_value`
    let mut request = named(interface);
    request.ifr_ifru.ifru_data = switch.as_mut_ptr().cast();
    // SAFETY: these commands read and write one `ethtool_value` behind the
    // pointer in `request`; both are alive.
    let fd = socket.as_raw_fd();
    check(unsafe { libc::ioctl(fd, libc::SIOCETHTOOL as _, &raw mut request) })?;
    Ok(switch[1])
}

/// A request about the interface of this name.
fn named(interface: &str) -> libc::ifreq {
    // SAFETY: all-zero octets are a valid `ifreq`.
    let mut request: libc::ifreq = unsafe { zeroed() };
    for (to, from) in request
        .ifr_name
        .iter_mut()
        .zip(interface.bytes().take(libc::IFNAMSIZ - 1))
    {
        *to = from as libc::c_char;
    }
    request
}

/// Makes the packet socket `fd` keep nothing but what the host sends.
pub(crate) fn tap_only_outgoing(fd: BorrowedFd<'_>) -> io::Result<()> {
    tap_only(fd, [0, u32::MAX])
}

/// Makes the packet socket `fd` keep nothing of what the host sends, and of the
/// rest an octet each.
pub(crate) fn tap_only_incoming(fd: BorrowedFd<'_>) -> io::Result<()> {
    tap_only(fd, [1, 0])
}

/// Makes the packet socket `fd` keep so many octets of packets that come in,
/// and that go out.
fn tap_only(fd: BorrowedFd<'_>, [incoming, outgoing]: [u32; 2]) -> io::Result<()> {
    let packet_type = (libc::SKF_AD_OFF + libc::SKF_AD_PKTTYPE) as u32;
    let filter = [
        instruction(libc::BPF_LD | libc::BPF_B | libc::BPF_ABS, 0, packet_type),
        instruction(
            libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K,
            1,
            u32::from(libc::PACKET_OUTGOING),
        ),
        instruction(libc::BPF_RET | libc::BPF_K, 0, incoming),
        instruction(libc::BPF_RET | libc::BPF_K, 0, outgoing),
    ];
    let program = libc::sock_fprog {
        len: filter.len() as u16,
        filter: filter.as_ptr().cast_mut(),
    };
    // SAFETY: the kernel only reads the `len` instructions behind `filter`,
    // which live until the call returns.
    unsafe { set_option(fd, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &program) }
}

fn instruction(code: u32, jump: u8, k: u32) -> libc::sock_filter {
    libc::sock_filter {
        code: code as u16,
        jt: jump,
        jf: 0,
        k,
    }
}

/// Has the kernel stamp every packet that the socket receives.
pub(crate) fn ask_for_stamps(fd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: SO_TIMESTAMPNS reads an int and keeps no pointer.
    unsafe { set_option(fd, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, &1_i32) }
}

/// Sets an option of a level.
///
/// # Safety
///
/// `value` must be what the option reads, down to the pointers in it.
unsafe fn set_option<T: ?Sized>(
    fd: BorrowedFd<'_>,
    level: libc::c_int,
    option: libc::c_int,
    value: &T,
) -> io::Result<()> {
    // SAFETY: `value` is live and `size_of_val(value)` octets long; the caller
    // answers for its meaning.
    check(unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            level,
            option,
            std::ptr::from_ref(value).cast(),
            size_of_val(value) as libc::socklen_t,
        )
    })
    .map(drop)
}

/// Has these options in the header of each IPv4 packet of a socket; the addresses
/// of a source route in them begin with the first router.
pub(crate) fn ip_options(fd: BorrowedFd<'_>, options: &[u8]) -> io::Result<()> {
    // SAFETY: IP_OPTIONS reads as many octets as it is given and keeps no pointer.
    unsafe { set_option(fd, libc::IPPROTO_IP, libc::IP_OPTIONS, options) }
}

/// Binds a packet socket to one interface, for all protocols.
pub(crate) fn tap_bind(fd: BorrowedFd<'_>, interface: u32) -> io::Result<()> {
    // SAFETY: all-zero octets are a valid `sockaddr_ll`.
    let mut address: libc::sockaddr_ll = unsafe { zeroed() };
    address.sll_family = libc::AF_PACKET as u16;
    address.sll_protocol = (libc::ETH_P_ALL as u16).to_be();
    address.sll_ifindex = interface as i32;
    // SAFETY: the pointer is to a live `sockaddr_ll` and the length is its.
    check(unsafe {
        libc::bind(
            fd.as_raw_fd(),
            (&raw const address).cast(),
            size_of::<libc::sockaddr_ll>() as libc::socklen_t,
        )
    })
    .map(drop)
}

/// Receives a packet, or the beginning of it, and when it passed, on the kernel's
/// real-time clock.
pub(crate) fn recv_stamped(
    fd: BorrowedFd<'_>,
    room: &mut [u8],
    blocks: bool,
) -> io::Result<(usize, Option<Duration>)> {
    #[repr(align(8))] // as `cmsghdr` asks
    struct Control([u8; 64]);
    let mut control = Control([0; 64]);
    let mut part = libc::iovec {
        iov_base: room.as_mut_ptr().cast(),
        iov_len: room.len(),
    };
    // SAFETY: all-zero octets are a valid `msghdr` without buffers.
    let mut message: libc::msghdr = unsafe { zeroed() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast();
    message.msg_controllen = control.0.len();
    let flags = if blocks { 0 } else { libc::MSG_DONTWAIT };
    // SAFETY: `message` describes two live, writable buffers by their lengths.
    let len = unsafe { libc::recvmsg(fd.as_raw_fd(), &raw mut message, flags) };
    let len = usize::try_from(len).map_err(|_| io::Error::last_os_error())?;
    Ok((len, stamp_of(&message)))
}

fn stamp_of(message: &libc::msghdr) -> Option<Duration> {
    // SAFETY: the kernel has filled `message`; CMSG_FIRSTHDR gives null or a
    // header inside its control buffer, which is alive and aligned.
    let header = unsafe { libc::CMSG_FIRSTHDR(message).as_ref() }?;
    if (header.cmsg_level, header.cmsg_type) != (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) {
        return None;
    }
    // SAFETY: such a message carries one `timespec`; read without assuming
    // its alignment.
    let stamp: libc::timespec = unsafe {
        libc::CMSG_DATA(header)
            .cast::<libc::timespec>()
            .read_unaligned()
    };
    Some(Duration::new(
        u64::try_from(stamp.tv_sec).ok()?,
        u32::try_from(stamp.tv_nsec).ok()?,
    ))
}

/// Reads what the kernel shows of a connection: `struct tcp_info`, as much of
/// it as there is.
pub(crate) fn tcp_info(socket: BorrowedFd<'_>) -> io::Result<Vec<u8>> {
    let mut info = vec![0_u8; 512];
    let mut len = info.len() as libc::socklen_t;
    // SAFETY: `info` is alive, writable and `len` octets long, of which the
    // kernel writes no more.
    check(unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            info.as_mut_ptr().cast(),
            &raw mut len,
        )
    })?;
    info.truncate(len as usize);
    Ok(info)
}

/// Registers a descriptor with the runtime of the calling task, to wait for
/// packets to read.
pub(crate) fn watch(fd: BorrowedFd<'_>) -> io::Result<AsyncFd<BorrowedFd<'_>>> {
    // SAFETY: the borrow keeps the descriptor open, and the same, for as long
    // as the `AsyncFd` lives.
    let watched = unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) };
    watched.map_err(|error| error.into_parts().1)
}
