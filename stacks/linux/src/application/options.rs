//! Options of a socket, in the kernel's words. What the kernel itself offers
//! is set per lane, not here.

use rustix::io::Errno;
use rustix::net::{AddressFamily, sockopt};
use tcpspec_connector::call::SocketOption;
use tcpspec_connector::{CallError, CallResult, Ret};

use super::{Socket, told};

impl Socket {
    pub(super) fn set_option(&self, option: SocketOption) -> CallResult {
        let fd = &self.fd;
        match option {
            SocketOption::Nagle(on) => sockopt::set_tcp_nodelay(fd, !on),
            SocketOption::ReceiveBuffer(octets) => {
                sockopt::set_socket_recv_buffer_size(fd, octets as usize)
            }
            SocketOption::KeepAliveByDefault => sockopt::set_socket_keepalive(fd, true),
            SocketOption::KeepAlive(None) => sockopt::set_socket_keepalive(fd, false),
            SocketOption::KeepAlive(Some(idle)) => sockopt::set_tcp_keepidle(fd, idle)
                .and_then(|()| sockopt::set_socket_keepalive(fd, true)),
            SocketOption::UserTimeout(timeout) => {
                let millis = u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX);
                sockopt::set_tcp_user_timeout(fd, millis)
            }
            SocketOption::Ttl(ttl) => self.set_ttl(ttl),
            SocketOption::Ds(ds) => self.set_ds(ds),
        }
        .map_err(|errno| match errno {
            // Of a value, not of the connection.
            Errno::INVAL => CallError::Other(errno.to_string()),
            Errno::NOPROTOOPT => CallError::Unsupported,
            _ => told(errno),
        })?;
        Ok(Ret::Done)
    }
}

/// Fields of the IP header. A socket of IPv6 may serve IPv4 as well, and the
/// kernel keeps both settings apart.
impl Socket {
    fn set_ttl(&self, ttl: u8) -> Result<(), Errno> {
        if self.is_ipv6()? {
            sockopt::set_ipv6_unicast_hops(&self.fd, Some(ttl))?;
        }
        sockopt::set_ip_ttl(&self.fd, ttl.into())
    }

    fn set_ds(&self, ds: u8) -> Result<(), Errno> {
        if self.is_ipv6()? {
            sockopt::set_ipv6_tclass(&self.fd, u32::from(ds) << 2)?;
        }
        sockopt::set_ip_tos(&self.fd, ds << 2)
    }

    fn is_ipv6(&self) -> Result<bool, Errno> {
        Ok(sockopt::socket_domain(&self.fd)? == AddressFamily::INET6)
    }
}
