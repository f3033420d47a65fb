//! Values of expressions.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use tcpspec_casefile::{Expr, LabelField, Numbering, Symbol};
use tcpspec_connector::Profile;
use tcpspec_record::Side;
use tcpspec_wire::text::Base;
use tcpspec_wire::{Instant, Segment, SeqNumber, TcpOption};

use crate::book::Book;
use crate::halt::Halt;
use crate::recorder::PacketRef;

/// What an expression comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// A plain number: a count, or a relative sequence number.
    Count(i64),
    /// A number as it stands on the wire.
    Seq(SeqNumber),
    /// A length of time.
    Span(Duration),
    /// A point in time, and the one it is counted from: the length of the
    /// timer at stake is the time between them.
    Moment {
        /// The point.
        at: Instant,
        /// Where it is counted from.
        from: Instant,
    },
}

/// A labelled step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) first: Instant,
    pub(crate) last: Instant,
    /// Its segment; `None` for a mere moment.
    pub(crate) segment: Option<Labelled>,
}

/// A labelled segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Labelled {
    /// Who sent it.
    pub(crate) side: Side,
    /// The peer's port: which connection it is of.
    pub(crate) port: u16,
    pub(crate) numbers: Numbers,
    pub(crate) packet: PacketRef,
}

/// The numbers of a labelled segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) seq: SeqNumber,
    pub(crate) end: SeqNumber,
    pub(crate) ack: SeqNumber,
    pub(crate) len: usize,
    /// TSval and TSecr, if it has them.
    pub(crate) timestamps: Option<(u32, u32)>,
}

impl From<&Segment> for Numbers {
    fn from(segment: &Segment) -> Self {
        Self {
            seq: segment.seq,
            end: segment.end(),
            ack: segment.ack,
            len: segment.payload.len(),
            timestamps: timestamps(segment),
        }
    }
}

/// TSval and TSecr of a segment.
pub(crate) fn timestamps(segment: &Segment) -> Option<(u32, u32)> {
    segment.options.iter().find_map(|option| match option {
        TcpOption::Timestamps { value, echo } => Some((*value, *echo)),
        _ => None,
    })
}

/// What expressions are evaluated in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'a> {
    pub(crate) book: &'a Book,
    pub(crate) labels: &'a BTreeMap<String, Label>,
    pub(crate) profile: &'a Profile,
    pub(crate) numbering: Numbering,
    /// Octets of text that fit the link's largest packet.
    pub(crate) link_mss: u16,
    /// The peer's address.
    pub(crate) peer: IpAddr,
}

impl Scope<'_> {
    /// Where the numbers of one side begin; unknown before the stack's SYN.
    pub(crate) fn base(&self, side: Side) -> Option<Base> {
        match side {
            Side::Peer => Some(Base {
                origin: self.book.peer_iss,
                shown_as: self.numbering.peer,
            }),
            Side::Sut => {
                let sut = self.book.sut.as_ref()?;
                Some(Base {
                    origin: sut.iss,
                    shown_as: self.numbering.sut,
                })
            }
        }
    }

    /// A sequence number of `side`.
    pub(crate) fn seq(&self, expr: &Expr, side: Side) -> Result<SeqNumber, Halt> {
        match self.value(expr)? {
            Value::Seq(seq) => Ok(seq),
            Value::Count(number) => {
                let base = self.base(side).ok_or_else(|| {
                    unclear("the stack has not sent its SYN: write the number as `abs:N`")
                })?;
                Ok(base.seq(tcpspec_wire::text::Number::Relative(number)))
            }
            Value::Span(_) | Value::Moment { .. } => {
                Err(unclear("a time stands where a number belongs"))
            }
        }
    }

    /// A count of octets.
    pub(crate) fn count(&self, expr: &Expr) -> Result<i64, Halt> {
        match self.value(expr)? {
            Value::Count(count) => Ok(count),
            Value::Seq(_) => Err(unclear("a sequence number stands where a count belongs")),
            Value::Span(_) | Value::Moment { .. } => {
                Err(unclear("a time stands where a count belongs"))
            }
        }
    }

    /// A value of a timestamp clock, which counts modulo 2^32.
    pub(crate) fn clock(&self, expr: &Expr) -> Result<u32, Halt> {
        Ok(self.count(expr)? as u32)
    }

    /// A count that fits the field it is for.
    pub(crate) fn field<T: TryFrom<i64>>(&self, expr: &Expr) -> Result<T, Halt> {
        let count = self.count(expr)?;
        T::try_from(count).map_err(|_| unclear(&format!("{count} does not fit the field")))
    }

    /// A length of time.
    pub(crate) fn span(&self, expr: &Expr) -> Result<Duration, Halt> {
        match self.value(expr)? {
            Value::Span(span) => Ok(span),
            Value::Moment { .. } => Err(unclear("a moment stands where a duration belongs")),
            Value::Count(_) | Value::Seq(_) => {
                Err(unclear("a number stands where a duration belongs"))
            }
        }
    }

    /// A point in time with the one it counts from; a duration counts from
    /// `start`.
    pub(crate) fn moment(&self, expr: &Expr, start: Instant) -> Result<(Instant, Instant), Halt> {
        match self.value(expr)? {
            Value::Span(span) => Ok((start + span, start)),
            Value::Moment { at, from } => Ok((at, from)),
            Value::Count(_) | Value::Seq(_) => Err(unclear("a number stands where a time belongs")),
        }
    }

    fn value(&self, expr: &Expr) -> Result<Value, Halt> {
        match expr {
            Expr::Number(number) => Ok(Value::Count(*number)),
            Expr::Absolute(number) => Ok(Value::Seq(SeqNumber::new(*number))),
            Expr::Duration(span) => Ok(Value::Span(*span)),
            Expr::Symbol(symbol) => self.symbol(*symbol),
            Expr::Label(name, field) => self.label(name, *field),
            Expr::Add(a, b) => add(self.value(a)?, self.value(b)?),
            Expr::Sub(a, b) => sub(self.value(a)?, self.value(b)?),
            Expr::Mul(a, b) => mul(self.value(a)?, self.value(b)?),
        }
    }

    fn symbol(&self, symbol: Symbol) -> Result<Value, Halt> {
        let sut = || {
            let no_syn =
                || unclear("the stack has not sent its SYN, so its numbers are not known yet");
            self.book.sut.as_ref().ok_or_else(no_syn)
        };
        Ok(match symbol {
            Symbol::SndUna => Value::Seq(sut()?.snd_una),
            Symbol::SndNxt => Value::Seq(sut()?.snd_nxt),
            Symbol::SndWnd => Value::Count(self.book.snd_wnd.octets().into()),
            Symbol::RcvNxt => Value::Seq(self.book.rcv_nxt()),
            Symbol::RcvWnd => {
                let unknown = || unclear("the stack has not announced a window yet");
                Value::Count(self.book.rcv_wnd().ok_or_else(unknown)?.into())
            }
            Symbol::Iss => Value::Seq(sut()?.iss),
            Symbol::Irs => Value::Seq(self.book.peer_iss),
            Symbol::Mss => Value::Count(self.book.peer_mss().into()),
            Symbol::LinkMss => Value::Count(self.link_mss.into()),
            Symbol::Msl => Value::Span(self.profile.msl),
            Symbol::RtoLo => Value::Span(self.profile.rto_min),
            Symbol::RtoHi => Value::Span(self.profile.rto_initial.max(self.profile.rto_min)),
            Symbol::RtoMax => Value::Span(self.profile.rto_max),
            Symbol::AckDelay => Value::Span(self.profile.ack_delay),
            Symbol::R1 => Value::Count(self.profile.r1.into()),
            Symbol::R2Syn => Value::Span(self.profile.r2_syn),
            Symbol::R2SynAck => Value::Span(self.profile.r2_syn_ack),
            Symbol::R2Data => Value::Span(self.profile.r2_data),
            Symbol::PersistLo => Value::Span(self.profile.persist_min),
            Symbol::PersistMax => Value::Span(self.profile.persist_max),
            Symbol::KeepAliveIdle => Value::Span(self.profile.keepalive_idle),
            Symbol::KeepAliveInterval => Value::Span(self.profile.keepalive_interval),
            Symbol::KeepAliveProbes => Value::Count(self.profile.keepalive_probes.into()),
            Symbol::FinWait2 => Value::Span(self.profile.fin_wait_2),
        })
    }

    fn label(&self, name: &str, field: LabelField) -> Result<Value, Halt> {
        let label = self.labels.get(name);
        let label = label.ok_or_else(|| unclear(&format!("label `{name}` was not reached")))?;
        let moment = |at| Value::Moment { at, from: at };
        let no_segment = || unclear(&format!("label `{name}` names no segment"));
        let numbers = || {
            label
                .segment
                .map(|segment| segment.numbers)
                .ok_or_else(no_segment)
        };
        Ok(match field {
            LabelField::Time | LabelField::Last => moment(label.last),
            LabelField::First => moment(label.first),
            LabelField::Seq => Value::Seq(numbers()?.seq),
            LabelField::End => Value::Seq(numbers()?.end),
            LabelField::Ack => Value::Seq(numbers()?.ack),
            LabelField::Len => Value::Count(numbers()?.len as i64),
            LabelField::TsVal | LabelField::TsEcr => {
                let none = || unclear(&format!("the segment of label `{name}` has no timestamps"));
                let (value, echo) = numbers()?.timestamps.ok_or_else(none)?;
                let is_echo = field == LabelField::TsEcr;
                Value::Count(if is_echo { echo } else { value }.into())
            }
        })
    }
}

/// Nothing can be said: the case, not the stack, is at fault.
pub(crate) fn unclear(sentence: &str) -> Halt {
    Halt::Unclear(sentence.to_owned())
}

fn add(a: Value, b: Value) -> Result<Value, Halt> {
    match (a, b) {
        (Value::Count(a), Value::Count(b)) => Ok(Value::Count(a.saturating_add(b))),
        (Value::Seq(seq), Value::Count(by)) | (Value::Count(by), Value::Seq(seq)) => {
            Ok(Value::Seq(seq.offset(by)))
        }
        (Value::Span(a), Value::Span(b)) => Ok(Value::Span(a.saturating_add(b))),
        (Value::Moment { at, from }, Value::Span(by))
        | (Value::Span(by), Value::Moment { at, from }) => Ok(Value::Moment { at: at + by, from }),
        _ => Err(unclear("numbers and times cannot be added to one another")),
    }
}

fn sub(a: Value, b: Value) -> Result<Value, Halt> {
    match (a, b) {
        (Value::Count(a), Value::Count(b)) => Ok(Value::Count(a.saturating_sub(b))),
        (Value::Seq(seq), Value::Count(by)) => Ok(Value::Seq(seq.offset(by.saturating_neg()))),
        (Value::Seq(a), Value::Seq(b)) => Ok(Value::Count(a.distance(b).into())),
        (Value::Span(a), Value::Span(b)) => Ok(Value::Span(a.saturating_sub(b))),
        (Value::Moment { at, from }, Value::Span(by)) => Ok(Value::Moment { at: at - by, from }),
        (Value::Moment { at: a, .. }, Value::Moment { at: b, .. }) => Ok(Value::Span(a.since(b))),
        _ => Err(unclear(
            "numbers and times cannot be taken from one another",
        )),
    }
}

fn mul(a: Value, b: Value) -> Result<Value, Halt> {
    match (a, b) {
        (Value::Count(a), Value::Count(b)) => Ok(Value::Count(a.saturating_mul(b))),
        (Value::Span(span), Value::Count(times)) | (Value::Count(times), Value::Span(span)) => {
            let times =
                u32::try_from(times).map_err(|_| unclear("a time cannot be multiplied by that"))?;
            Ok(Value::Span(span.saturating_mul(times)))
        }
        _ => Err(unclear("only counts and durations can be multiplied")),
    }
}
