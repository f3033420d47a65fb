//! Options of the peer's segments.

use tcpspec_casefile::OptionTemplate;
use tcpspec_record::Side;
use tcpspec_wire::{Flags, TcpOption};

use crate::halt::Halt;
use crate::play::Play;

impl Play {
    /// The options that a case writes.
    pub(super) fn options(&self, templates: &[OptionTemplate]) -> Result<Vec<TcpOption>, Halt> {
        let scope = self.scope();
        let option = |template: &OptionTemplate| {
            Ok(match template {
                OptionTemplate::Exactly(option) => option.clone(),
                OptionTemplate::Timestamps(value, echo) => TcpOption::Timestamps {
                    value: scope.clock(value)?,
                    echo: match echo {
                        Some(echo) => scope.clock(echo)?,
                        None => self.talk.book.sut_clock().unwrap_or(0),
                    },
                },
                OptionTemplate::Sack(blocks) => {
                    let edge = |expr| scope.seq(expr, Side::Sut);
                    let blocks = blocks.iter();
                    let blocks = blocks.map(|(left, right)| Ok((edge(left)?, edge(right)?)));
                    TcpOption::Sack(blocks.collect::<Result<_, Halt>>()?)
                }
            })
        };
        templates.iter().map(option).collect()
    }

    /// What a correct peer sends: on a SYN the options of the parameters, later
    /// timestamps, if both sides agreed on them.
    pub(crate) fn default_options(&self, flags: Flags) -> Vec<TcpOption> {
        if flags.contains(Flags::SYN) {
            return self.syn_options();
        }
        let value = self.talk.book.peer_clock();
        let Some(value) = value.filter(|_| self.talk.book.has_timestamps()) else {
            return Vec::new();
        };
        let echo = self.talk.book.sut_clock().unwrap_or(0);
        vec![
            TcpOption::Nop,
            TcpOption::Nop,
            TcpOption::Timestamps { value, echo },
        ]
    }

    /// The MSS that the link takes, or that the case says, and what else the
    /// parameters offer.
    fn syn_options(&self) -> Vec<TcpOption> {
        let setup = self.plan.setup();
        let headers = if setup.peer.is_ipv4() { 40 } else { 60 };
        let peer = &self.plan.variant.peer;
        let mss = peer
            .mss
            .unwrap_or_else(|| setup.mtu.saturating_sub(headers));
        let echo = self.talk.book.sut_clock().unwrap_or(0);
        let timestamps = |value| TcpOption::Timestamps { value, echo };
        let mut options = vec![TcpOption::Mss(mss)];
        options.extend(peer.sack.then_some(TcpOption::SackPermitted));
        options.extend(peer.timestamp.map(timestamps));
        options.extend(peer.window_scale.map(TcpOption::WindowScale));
        options
    }
}
