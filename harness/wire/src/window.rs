//! The window: as sent, in octets, and the scale between them. Three types,
//! so that no scaled number is ever used where an unscaled one belongs.

use std::fmt;

/// The 16-bit window field of a segment (SEG.WND), as it stands on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowField(u16);

/// A window in octets (SND.WND, RCV.WND): 0 to 65,535 << 14.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowSize(u32);

/// A window shift count (RFC 7323 section 2.2): 0 to 14.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowScale(u8);

impl WindowField {
    /// The field with this value.
    #[must_use]
    pub const fn new(value: u16) -> Self {
        Self(value)
    }

    /// The value on the wire.
    #[must_use]
    pub const fn value(self) -> u16 {
        self.0
    }

    /// The octets this field announces under `scale`.
    #[must_use]
    pub const fn unscale(self, scale: WindowScale) -> WindowSize {
        WindowSize((self.0 as u32) << scale.0)
    }
}

impl WindowSize {
    /// A window of this many octets.
    #[must_use]
    pub const fn new(octets: u32) -> Self {
        Self(octets)
    }

    /// The window in octets.
    #[must_use]
    pub const fn octets(self) -> u32 {
        self.0
    }

    /// The field that announces this window under `scale`: rounded down,
    /// 65,535 at most.
    #[must_use]
    pub fn scaled(self, scale: WindowScale) -> WindowField {
        WindowField(u16::try_from(self.0 >> scale.0).unwrap_or(u16::MAX))
    }
}

impl WindowScale {
    /// No scaling.
    pub const NONE: Self = Self(0);

    /// The shift count, brought down to 14 where it is larger
    /// (RFC 7323 section 2.3).
    #[must_use]
    pub const fn new(shift: u8) -> Self {
        Self(if shift > 14 { 14 } else { shift })
    }

    /// The shift count, 0 to 14.
    #[must_use]
    pub const fn shift(self) -> u8 {
        self.0
    }
}

impl fmt::Display for WindowField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for WindowSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_size_and_scale_convert_at_their_limits() {
        assert_eq!(WindowScale::new(15), WindowScale::new(14));
        let widest = WindowField::new(u16::MAX).unscale(WindowScale::new(14));
        assert_eq!(widest.octets(), 65_535 << 14);
        assert_eq!(
            WindowSize::new(70_000).scaled(WindowScale::NONE).value(),
            u16::MAX
        );
        assert_eq!(
            WindowSize::new(70_000).scaled(WindowScale::new(2)).value(),
            17_500
        );
    }
}
