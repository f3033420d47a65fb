//! The wire: packets in, packets out, from the IP header on.

use std::collections::VecDeque;

use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant as SmolInstant;
use tcpspec_connector::Emitted;
use tcpspec_wire::Instant;

/// What smoltcp sends to and reads from.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) arrived: VecDeque<Vec<u8>>,
    pub(crate) emitted: Vec<Vec<u8>>,
    mtu: u16,
}

impl Wire {
    pub(crate) const fn new(mtu: u16) -> Self {
        Self {
            arrived: VecDeque::new(),
            emitted: Vec::new(),
            mtu,
        }
    }

    pub(crate) fn take_emitted(&mut self, at: Instant, tx: &mut Vec<Emitted>) {
        tx.extend(self.emitted.drain(..).map(|octets| Emitted { at, octets }));
    }
}

impl Device for Wire {
    type RxToken<'a> = Arrived;
    type TxToken<'a> = Leaving<'a>;

    fn receive(&mut self, _: SmolInstant) -> Option<(Arrived, Leaving<'_>)> {
        let packet = self.arrived.pop_front()?;
        Some((Arrived(packet), Leaving(&mut self.emitted)))
    }

    fn transmit(&mut self, _: SmolInstant) -> Option<Leaving<'_>> {
        Some(Leaving(&mut self.emitted))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = self.mtu.into();
        capabilities
    }
}

/// A packet for smoltcp.
pub(crate) struct Arrived(Vec<u8>);

impl RxToken for Arrived {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(&self.0)
    }
}

/// Room for a packet of smoltcp's.
pub(crate) struct Leaving<'a>(&'a mut Vec<Vec<u8>>);

impl TxToken for Leaving<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, write: F) -> R {
        let mut packet = vec![0; len];
        let result = write(&mut packet);
        self.0.push(packet);
        result
    }
}
