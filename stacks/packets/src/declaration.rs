//! What is declared, as the harness wants to hear it.

use std::collections::BTreeSet;

use tcpspec_connector::{Clock, Hello, Service};
use tcpspec_wire::Capability;

use crate::target::Target;

/// The declaration of a stack that cannot speak for itself.
pub(crate) fn hello(target: &Target) -> Hello {
    let terms = &target.terms;
    let mut capabilities = terms.caps.clone();
    for (v4, capability) in [(true, Capability::Ipv4), (false, Capability::Ipv6)] {
        if terms.addresses(v4).is_some() {
            capabilities.insert(capability);
        }
    }
    capabilities.extend(calls_of(terms.service));
    let service = match terms.service {
        Service::Nothing => "none".to_owned(),
        service => format!("{} on port {}", service.name(), terms.port),
    };
    let settle = format!("{:?} after the last packet", terms.settle);
    Hello {
        name: target.place().to_owned(),
        version: String::new(),
        clock: Clock::Real,
        capabilities,
        profile: terms.profile,
        info: BTreeSet::new(),
        mtu: terms.mtu,
        details: vec![
            ("service".to_owned(), service),
            ("taken to be quiet".to_owned(), settle),
        ],
        service: Some(terms.service),
    }
}

/// The calls that a service makes by itself.
const fn calls_of(service: Service) -> &'static [Capability] {
    match service {
        Service::Nothing => &[],
        Service::Echo => &[Capability::PassiveOpen],
        Service::Discard => &[Capability::PassiveOpen, Capability::Data],
        Service::Close => &[Capability::PassiveOpen, Capability::AppClose],
        Service::Shutdown => &[
            Capability::PassiveOpen,
            Capability::Data,
            Capability::Shutdown,
        ],
    }
}
