//! Kinds of values: what may be added to, taken from and multiplied by what.

use crate::expr::{LabelField, Symbol};

/// What an expression comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Sequence,
    Duration,
    Moment,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Sequence => "a sequence number",
            Self::Duration => "a duration",
            Self::Moment => "a moment",
        }
    }
}

pub(super) const fn sum_kind(left: Kind, right: Kind) -> Option<Kind> {
    match (left, right) {
        (Kind::Number, Kind::Number) => Some(Kind::Number),
        (Kind::Sequence, Kind::Number) | (Kind::Number, Kind::Sequence) => Some(Kind::Sequence),
        (Kind::Duration, Kind::Duration) => Some(Kind::Duration),
        (Kind::Moment, Kind::Duration) | (Kind::Duration, Kind::Moment) => Some(Kind::Moment),
        _ => None,
    }
}

pub(super) const fn difference_kind(left: Kind, right: Kind) -> Option<Kind> {
    match (left, right) {
        (Kind::Number, Kind::Number) | (Kind::Sequence, Kind::Sequence) => Some(Kind::Number),
        (Kind::Sequence, Kind::Number) => Some(Kind::Sequence),
        (Kind::Duration, Kind::Duration) | (Kind::Moment, Kind::Moment) => Some(Kind::Duration),
        (Kind::Moment, Kind::Duration) => Some(Kind::Moment),
        _ => None,
    }
}

pub(super) const fn product_kind(left: Kind, right: Kind) -> Option<Kind> {
    match (left, right) {
        (Kind::Number, Kind::Number) => Some(Kind::Number),
        (Kind::Number, Kind::Duration) | (Kind::Duration, Kind::Number) => Some(Kind::Duration),
        _ => None,
    }
}

pub(super) const fn symbol_kind(symbol: Symbol) -> Kind {
    match symbol {
        Symbol::SndUna | Symbol::SndNxt | Symbol::RcvNxt | Symbol::Iss | Symbol::Irs => {
            Kind::Sequence
        }
        Symbol::SndWnd
        | Symbol::RcvWnd
        | Symbol::Mss
        | Symbol::LinkMss
        | Symbol::R1
        | Symbol::KeepAliveProbes => Kind::Number,
        Symbol::Msl
        | Symbol::RtoLo
        | Symbol::RtoHi
        | Symbol::RtoMax
        | Symbol::AckDelay
        | Symbol::R2Syn
        | Symbol::R2SynAck
        | Symbol::R2Data
        | Symbol::PersistLo
        | Symbol::PersistMax
        | Symbol::KeepAliveIdle
        | Symbol::KeepAliveInterval
        | Symbol::FinWait2 => Kind::Duration,
    }
}

pub(super) const fn field_kind(field: LabelField) -> Kind {
    match field {
        LabelField::Time | LabelField::First | LabelField::Last => Kind::Moment,
        LabelField::Seq | LabelField::End | LabelField::Ack => Kind::Sequence,
        LabelField::Len | LabelField::TsVal | LabelField::TsEcr => Kind::Number,
    }
}
