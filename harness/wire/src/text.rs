//! The one-line text form of a segment: the same in case files, on the
//! terminal, in the log and in the report.
//!
//! `FLAGS seq=N [ack=N] [len=N] win=N [urg=N] [<options>]`, as in
//! `SYN+ACK seq=0 ack=1 win=64240 <mss=1460; sackok; nop; ws=7>`. Numbers are
//! relative to the side's initial sequence number, so each side's SYN is 0; an
//! absolute number is written `abs:N`. Case files take this form with symbols,
//! ranges and omissions besides.
