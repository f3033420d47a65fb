//! Edits of the IP header of a packet that is otherwise done.

use super::Mangle;
use crate::packet::{
    HEADER_CHECKSUM, IPV6_HEADER_LEN, header_len, insert_options, set_header_checksum,
};

/// Carries out the edits that are about the IP header, in their order.
pub(super) fn edit(packet: &mut Vec<u8>, edits: &[Mangle]) {
    let is_v4 = packet.first().is_some_and(|first| first >> 4 == 4);
    for edit in edits {
        match edit {
            Mangle::IpOptions(options) if is_v4 => insert_options(packet, options),
            Mangle::Ip { offset, octets } => {
                let offset = usize::from(*offset);
                let header = if is_v4 {
                    header_len(packet)
                } else {
                    IPV6_HEADER_LEN
                };
                let end = (offset + octets.len()).min(header);
                for (place, octet) in (offset..end).zip(octets) {
                    packet[place] = *octet;
                }
                let covered = offset < HEADER_CHECKSUM.end && HEADER_CHECKSUM.start < end;
                if is_v4 && !covered {
                    set_header_checksum(packet, header);
                }
            }
            _ => {}
        }
    }
}
