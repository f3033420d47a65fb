//! Source routes (RFC 9293 section 3.9.2.1): the user's, or else the way back by
//! which the peer's segments come.
//!
//! Anybody who can send a segment that is taken can have the connection's packets
//! come by his router, so networks refuse them (RFC 7126 section 4.3) and
//! [`Config::source_routes`] switches them off. Left out: routes in what is sent
//! without a connection.
//!
//! [`Config::source_routes`]: crate::Config::source_routes

use tcpspec_wire::SourceRoute;

use crate::connection::Connection;

/// By which routers a connection's packets go.
#[derive(Clone, Debug)]
pub(crate) struct Routing {
    /// Apart, for hardly any connection has one.
    route: Option<Box<SourceRoute>>,
    /// Whether it is what the peer's segments say: the connection was opened
    /// passively. A user who opens has the say (MUST-52), if by naming none.
    follows_peer: bool,
}

impl Routing {
    /// As the user names it at an active OPEN (MUST-51).
    pub(crate) fn of_user(route: Option<SourceRoute>) -> Self {
        Self {
            route: route.map(Box::new),
            follows_peer: false,
        }
    }

    /// The way back of the SYN that a listener answers (MUST-53).
    pub(crate) fn of_peer(way_back: Option<SourceRoute>) -> Self {
        Self {
            route: way_back.map(Box::new),
            follows_peer: true,
        }
    }

    pub(crate) fn route(&self) -> Option<&SourceRoute> {
        self.route.as_deref()
    }

    /// Octets that it takes of every packet.
    pub(crate) fn overhead(&self) -> u16 {
        self.route().map_or(0, |route| route.wire_len() as u16)
    }
}

impl Connection {
    /// A segment has come whose numbers are right, by a route that leads back
    /// like this: the later definition holds (SHLD-24).
    pub(crate) fn hear_route(&mut self, way_back: &SourceRoute) {
        if !self.routing.follows_peer {
            return;
        }
        self.routing = Routing::of_peer(Some(*way_back));
        let overhead = self.routing.overhead();
        if let Some(snd) = self.phase.sender_mut() {
            snd.set_ip_options(overhead);
        }
    }
}
