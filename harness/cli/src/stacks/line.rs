//! Stacks in other processes: what they say of themselves, and whether that is
//! honest.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tcpspec_connector::{Clock, Hello, Profile, Setup, StackUnderTest};
use tcpspec_protocol::{Address, Client};

use super::{Participant, StackName};

/// On which terms a stack in another process takes part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// How long it may take for any answer, in real time.
    pub(crate) patience: Duration,
    /// Seed of what it is probed with.
    pub(crate) seed: u64,
}

/// Where `make lwip` puts it, and the variable that holds another command.
const LWIP: (&str, &str) = ("target/lwip/tcpspec-lwip", "TCPSPEC_LWIP");

/// Where lwIP is.
pub(crate) fn lwip() -> Address {
    let (built, variable) = LWIP;
    Address::Exec(std::env::var(variable).unwrap_or_else(|_| built.to_owned()))
}

/// lwIP, if it was built.
pub(super) fn enlist_lwip(terms: Terms) -> Participant {
    let mut lwip = enlist(StackName::Lwip, lwip(), terms);
    if !lwip.unavailable.is_empty() {
        let (_, variable) = LWIP;
        let fix = format!("; `make lwip` builds it, or name its command in {variable}");
        lwip.unavailable.push_str(&fix);
    }
    lwip
}

/// Hears what it declares, and probes whether it is honest.
pub(super) fn enlist(name: StackName, address: Address, terms: Terms) -> Participant {
    let mut client = match Client::connect(address, terms.patience) {
        Ok(client) => client,
        Err(error) => {
            return Participant {
                hello: Arc::new(unheard(name.to_string())),
                name,
                greeting: None,
                remarks: Vec::new(),
                unavailable: error.to_string(),
            };
        }
    };
    let hello = client.hello().clone();
    // Whatever goes wrong here goes wrong in every trial, and is judged there.
    let opened = client.open(&Setup::to_try(&hello, terms.seed));
    let probed = opened.and_then(|_| client.probe(terms.seed));
    Participant {
        name,
        hello: Arc::new(hello),
        greeting: Some(client.greeting()),
        remarks: probed.unwrap_or_default(),
        unavailable: String::new(),
    }
}

/// What is declared where nothing was heard.
fn unheard(name: String) -> Hello {
    Hello {
        name,
        version: String::new(),
        clock: Clock::Virtual,
        capabilities: BTreeSet::new(),
        profile: Profile::default(),
        info: BTreeSet::new(),
        mtu: 1500,
        details: Vec::new(),
        service: None,
    }
}
