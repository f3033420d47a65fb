//! Urgent data, as the sender has it (RFC 9293 section 3.8.5). The receiver's
//! part is in `arrives/urgent` and `receive`.
//!
//! On the wire the pointer names the octet behind the last urgent one (MUST-62,
//! RFC 6093); there is one pointer, so urgent data may have any length
//! (MUST-31) and the newest mark replaces older ones.

use tcpspec_wire::{Flags, SegmentDraft};

use crate::connection::{Connection, Context};
use crate::error::Error;
use crate::send::Chunk;

impl Connection {
    /// SEND with the URGENT flag: the octets, and all that wait before them,
    /// are urgent.
    pub(crate) fn send_urgent(
        &mut self,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Result<usize, Error> {
        let taken = self.queue(octets)?;
        // SND.UP is set first, for the octets may go at once.
        self.urgent = self.phase.sender().map(|snd| snd.data_end());
        self.output(cx);
        Ok(taken)
    }

    /// Marks the segment for a chunk that SND.UP lies ahead of. One without text
    /// carries no mark, for a mark belongs to at least one octet.
    pub(crate) fn mark_urgent(&mut self, segment: &mut SegmentDraft<'_>, chunk: &Chunk) {
        let una = self.phase.send_space().map(|snd| snd.una);
        self.urgent = self
            .urgent
            .filter(|up| una.is_some_and(|una| up.after(una)));
        if let Some(up) = self.urgent
            && chunk.len > 0
            && up.after(segment.seq)
        {
            segment.flags |= Flags::URG;
            // Where the pointer lies beyond the field, "as far as can be
            // said": later segments say the rest.
            let ahead = up.distance(segment.seq).max(0).cast_unsigned();
            segment.urgent = u16::try_from(ahead).unwrap_or(u16::MAX);
        }
    }
}
