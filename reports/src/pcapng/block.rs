//! The blocks of a pcapng file, little-endian: section header, interface
//! description, enhanced packet. Their layout is that of the IETF draft
//! "PCAP Now Generic (pcapng) Capture File Format".

/// A block, without its type and lengths on either end.
pub(super) struct Block {
    kind: u32,
    body: Vec<u8>,
}

/// Which way a packet went, seen from the peer.
#[derive(Clone, Copy)]
pub(super) enum Direction {
    /// From the stack.
    Inbound = 1,
    /// To the stack.
    Outbound = 2,
}

impl Block {
    /// The head of the file.
    pub(super) fn section(tool: &str, comment: &str) -> Self {
        let mut block = Self::new(0x0a0d_0d0a);
        block.u32(0x1a2b_3c4d); // tells the order of octets
        block.u16(1); // version 1.0
        block.u16(0);
        block.u32(u32::MAX); // a length that is not told, in 64 bits
        block.u32(u32::MAX);
        block.text(OPT_COMMENT, comment);
        block.text(SHB_USERAPPL, tool);
        block.end_of_options();
        block
    }

    /// An interface on which IP packets go without a link header.
    pub(super) fn interface(name: &str, description: &str, comment: &str) -> Self {
        let mut block = Self::new(1);
        block.u16(LINKTYPE_RAW);
        block.u16(0);
        block.u32(0); // packets of any length
        block.text(OPT_COMMENT, comment);
        block.text(IF_NAME, name);
        block.text(IF_DESCRIPTION, description);
        block.option(IF_TSRESOL, &[9]); // units of 10^-9 s
        block.end_of_options();
        block
    }

    /// A packet, at a time in nanoseconds.
    pub(super) fn packet(
        interface: u32,
        at: u64,
        octets: &[u8],
        direction: Direction,
        comment: &str,
    ) -> Self {
        let len = u32::try_from(octets.len()).unwrap_or(u32::MAX);
        let mut block = Self::new(6);
        block.u32(interface);
        block.u32((at >> 32) as u32);
        block.u32((at & u64::from(u32::MAX)) as u32);
        block.u32(len);
        block.u32(len);
        block.padded(octets);
        block.text(OPT_COMMENT, comment);
        block.option(EPB_FLAGS, &(direction as u32).to_le_bytes());
        block.end_of_options();
        block
    }

    /// Appends the block to a file.
    pub(super) fn write(&self, file: &mut Vec<u8>) {
        let around = 12;
        let len = u32::try_from(self.body.len() + around).unwrap_or(u32::MAX);
        file.extend(self.kind.to_le_bytes());
        file.extend(len.to_le_bytes());
        file.extend(&self.body);
        file.extend(len.to_le_bytes());
    }

    const fn new(kind: u32) -> Self {
        let body = Vec::new();
        Self { kind, body }
    }

    fn u16(&mut self, value: u16) {
        self.body.extend(value.to_le_bytes());
    }

    fn u32(&mut self, value: u32) {
        self.body.extend(value.to_le_bytes());
    }

    fn padded(&mut self, octets: &[u8]) {
        self.body.extend(octets);
        let whole = self.body.len().next_multiple_of(4);
        self.body.resize(whole, 0);
    }

    /// A text that is not empty, cut off where no reader would go on.
    fn text(&mut self, code: u16, text: &str) {
        let end = text.floor_char_boundary(TEXT_MAX);
        if end > 0 {
            self.option(code, &text.as_bytes()[..end]);
        }
    }

    /// An option whose value is at most [`TEXT_MAX`] octets long.
    fn option(&mut self, code: u16, value: &[u8]) {
        self.u16(code);
        self.u16(u16::try_from(value.len()).unwrap_or(u16::MAX));
        self.padded(value);
    }

    fn end_of_options(&mut self) {
        self.u32(0);
    }
}

/// Octets of one text: far less than the 16 bits of its length can say.
const TEXT_MAX: usize = 8192;

/// Packets begin with the IP header, whose first digit tells the version.
const LINKTYPE_RAW: u16 = 101;

const OPT_COMMENT: u16 = 1;
const SHB_USERAPPL: u16 = 4;
const IF_NAME: u16 = 2;
const IF_DESCRIPTION: u16 = 3;
const IF_TSRESOL: u16 = 9;
const EPB_FLAGS: u16 = 2;
