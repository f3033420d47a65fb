//! Tables of what the small languages mean, and of what they refuse.

use std::time::Duration;

use tcpspec_wire::{Ecn, Flags, Mangle, TcpOption};

use super::*;
use crate::segment::{
    Address, Match, OptionPattern, OptionTemplate, Route, SegmentPattern, SegmentTemplate,
};
use crate::step::{AppCall, Outcome, Report, SocketSetting};

fn labels() -> Labels {
    Labels::from([
        ("fin".to_owned(), LabelKind::Sut),
        ("done".to_owned(), LabelKind::Moment),
    ])
}

#[track_caller]
fn reads<T>(text: &str, read: impl FnOnce(&str, &mut Reading<'_>) -> T) -> T {
    let labels = labels();
    let mut reading = Reading::new(&labels);
    let value = read(text, &mut reading);
    assert_eq!(reading.faults, [], "{text}");
    value
}

#[track_caller]
fn template(text: &str) -> SegmentTemplate {
    reads(text, read_template)
}

#[track_caller]
fn pattern(text: &str) -> SegmentPattern {
    reads(text, read_pattern)
}

/// The codes and texts of the faults that a text has.
fn faults<T>(text: &str, read: impl FnOnce(&str, &mut Reading<'_>) -> T) -> Vec<(Code, String)> {
    let labels = labels();
    let mut reading = Reading::new(&labels);
    read(text, &mut reading);
    let shown = |fault: Fault| (fault.code, text[fault.span].to_owned());
    reading.faults.into_iter().map(shown).collect()
}

#[track_caller]
fn check_expr(text: &str, wanted: Wanted, expected: &Expr) {
    let read = reads(text, |text, reading| read_expr(text, wanted, reading));
    assert_eq!(read, *expected, "{text}");
}

fn add(left: Expr, right: Expr) -> Expr {
    Expr::Add(Box::new(left), Box::new(right))
}

fn sub(left: Expr, right: Expr) -> Expr {
    Expr::Sub(Box::new(left), Box::new(right))
}

fn mul(left: Expr, right: Expr) -> Expr {
    Expr::Mul(Box::new(left), Box::new(right))
}

#[test]
fn expression_means_what_it_says() {
    use Expr::{Absolute, Label, Number, Symbol as Sym};
    let millis = |millis| Expr::Duration(Duration::from_millis(millis));
    let fin = |field| Label("fin".to_owned(), field);
    let (seq, count) = (Wanted::Sequence, Wanted::Count(1 << 16));
    check_expr("5", seq, &Number(5));
    check_expr("-1", seq, &Number(-1));
    check_expr("0x1f", seq, &Number(31));
    check_expr("abs:4294967295", seq, &Absolute(u32::MAX));
    check_expr("abs:0xfffffff0", seq, &Absolute(0xffff_fff0));
    check_expr("rcv.nxt-1", seq, &sub(Sym(Symbol::RcvNxt), Number(1)));
    check_expr(
        "rcv.nxt + rcv.wnd",
        seq,
        &add(Sym(Symbol::RcvNxt), Sym(Symbol::RcvWnd)),
    );
    check_expr("1-2-3", seq, &sub(sub(Number(1), Number(2)), Number(3)));
    check_expr("1+2*3", count, &add(Number(1), mul(Number(2), Number(3))));
    check_expr(
        "fin.end - fin.seq",
        count,
        &sub(fin(LabelField::End), fin(LabelField::Seq)),
    );
    check_expr("200ms", Wanted::Duration, &millis(200));
    check_expr("1.5s", Wanted::Duration, &millis(1_500));
    check_expr("2min", Wanted::Duration, &millis(120_000));
    check_expr("24h", Wanted::Duration, &millis(86_400_000));
    check_expr(
        "10us",
        Wanted::Duration,
        &Expr::Duration(Duration::from_micros(10)),
    );
    check_expr("2*msl", Wanted::Duration, &mul(Number(2), Sym(Symbol::Msl)));
    check_expr("ack-delay", Wanted::Duration, &Sym(Symbol::AckDelay));
    check_expr(
        "2*r2.syn-ack - fin-wait-2",
        Wanted::Duration,
        &sub(mul(Number(2), Sym(Symbol::R2SynAck)), Sym(Symbol::FinWait2)),
    );
    check_expr(
        "keepalive.probes*keepalive.interval",
        Wanted::Duration,
        &mul(Sym(Symbol::KeepAliveProbes), Sym(Symbol::KeepAliveInterval)),
    );
    check_expr(
        "fin.last + rto.hi",
        Wanted::Time,
        &add(fin(LabelField::Last), Sym(Symbol::RtoHi)),
    );
    check_expr(
        "done",
        Wanted::Time,
        &Label("done".to_owned(), LabelField::Time),
    );
}

#[track_caller]
fn check_expr_fault(text: &str, wanted: Wanted, code: Code, part: &str) {
    let found = faults(text, |text, reading| read_expr(text, wanted, reading));
    assert_eq!(found, [(code, part.to_owned())], "{text}");
}

#[test]
fn expression_that_means_nothing_is_refused_where_it_goes_wrong() {
    let seq = Wanted::Sequence;
    check_expr_fault("", seq, Code::Expression, "");
    check_expr_fault("5 5", seq, Code::Expression, "5");
    check_expr_fault("5+", seq, Code::Expression, "");
    check_expr_fault("017", seq, Code::Number, "017");
    check_expr_fault("5000000000", seq, Code::Number, "5000000000");
    check_expr_fault("abs:-1", seq, Code::Number, "abs:");
    check_expr_fault(
        "99999999999999999999h",
        Wanted::Time,
        Code::Number,
        "99999999999999999999h",
    );
    check_expr_fault("rcv.nxtt", seq, Code::UnknownSymbol, "rcv.nxtt");
    check_expr_fault("later.seq", seq, Code::UnknownLabel, "later.seq");
    check_expr_fault("done.seq", seq, Code::UnknownLabel, "done.seq");
    check_expr_fault("fin.win", seq, Code::UnknownSymbol, "win");
    check_expr_fault("200ms", seq, Code::Kind, "200ms");
    check_expr_fault("rcv.nxt + snd.nxt", seq, Code::Kind, "rcv.nxt + snd.nxt");
    check_expr_fault("5", Wanted::Duration, Code::Kind, "5");
    check_expr_fault("fin", Wanted::Duration, Code::Kind, "fin");
    check_expr_fault("70000", Wanted::Count(65_535), Code::Number, "70000");
}

#[test]
fn template_takes_every_field() {
    let read = template(
        "URG+ACK  seq=1 ack=rcv.nxt len=3 win=0 urg=2 <mss=536; nop> ecn=ce bad(dataoff=4) src=other ttl=1 df=0 dst=multicast",
    );
    assert_eq!(read.flags, Flags::URG | Flags::ACK);
    assert_eq!(read.seq, Some(Expr::Number(1)));
    assert_eq!(read.ack, Some(Expr::Symbol(Symbol::RcvNxt)));
    assert_eq!(read.len, Some(Expr::Number(3)));
    assert_eq!(read.window, Some(Expr::Number(0)));
    assert_eq!(read.urgent, Some(Expr::Number(2)));
    assert_eq!(
        read.options,
        Some(vec![
            OptionTemplate::Exactly(TcpOption::Mss(536)),
            OptionTemplate::Exactly(TcpOption::Nop),
        ])
    );
    assert_eq!(read.ecn, Some(Ecn::Ce));
    assert_eq!(read.ip.ttl, Some(Expr::Number(1)));
    assert_eq!((read.ip.ds, read.ip.df), (None, Some(Expr::Number(0))));
    assert_eq!(read.mangles, [Mangle::DataOffset(4)]);
    assert_eq!(read.source, Address::Other);
    assert_eq!(read.destination, Address::Multicast);
    assert_eq!(
        read.text,
        "URG+ACK seq=1 ack=rcv.nxt len=3 win=0 urg=2 <mss=536; nop> ecn=ce bad(dataoff=4) src=other ttl=1 df=0 dst=multicast"
    );
}

fn route(strict: bool, routers: &[u8]) -> Route {
    let routers = routers.to_vec();
    Route { strict, routers }
}

#[test]
fn route_is_that_of_the_ip_header() {
    let routes = [
        ("r1,r2", route(false, &[1, 2])),
        ("strict:r3", route(true, &[3])),
        ("none", route(false, &[])),
    ];
    for (text, expected) in routes {
        let segment = format!("SYN route={text}");
        assert_eq!(pattern(&segment).route.as_ref(), Some(&expected));
        assert_eq!(expected.to_string(), text);
        assert_eq!(template(&segment).route, Some(expected));
    }
}

#[test]
fn what_is_no_route_is_refused() {
    let texts = [
        "",
        "r0",
        "r10",
        "r01",
        "1",
        "r1,",
        "strict:",
        "strict:none",
        "loose:r1",
    ];
    let too_many = ["r1"; 10].join(",");
    for text in texts.into_iter().chain([too_many.as_str()]) {
        let faults = faults(&format!("SYN route={text}"), read_template);
        assert_eq!(faults, [(Code::Argument, text.to_owned())]);
    }
}

#[test]
fn addresses_are_the_own_ones_unless_written() {
    let read = template("SYN");
    assert_eq!(
        (read.source, read.destination),
        (Address::Peer, Address::Stack)
    );
}

#[test]
fn template_keeps_apart_no_options_and_default_ones() {
    assert_eq!(template("SYN").options, None);
    assert_eq!(template("SYN <>").options, Some(Vec::new()));
}

#[test]
fn numbers_of_options_are_expressions() {
    let number = Expr::Number;
    let seq = || Expr::Label("fin".to_owned(), LabelField::Seq);
    let blocks = vec![
        (number(101), add(number(101), number(100))),
        (seq(), add(seq(), number(1))),
    ];
    let tsval = Expr::Label("fin".to_owned(), LabelField::TsVal);
    let read = template("ACK <sack=101-101+100,fin.seq-fin.seq+1; ts=fin.tsval+5; ts=1,2>");
    let expected = [
        OptionTemplate::Sack(blocks.clone()),
        OptionTemplate::Timestamps(add(tsval, number(5)), None),
        OptionTemplate::Timestamps(number(1), Some(number(2))),
    ];
    assert_eq!(read.options.as_deref(), Some(&expected[..]));

    let read = pattern("ACK <sack=101-101+100,fin.seq-fin.seq+1; ts=*,!7; ts=1..5> ecn=ect0");
    let other = Match::Not(Box::new(Match::Value(number(7))));
    let range = Match::Range(number(1), number(5));
    let expected = [
        OptionPattern::Sack(blocks),
        OptionPattern::Timestamps(Match::Any, other),
        OptionPattern::Timestamps(range, Match::Any),
    ];
    assert_eq!(read.options, expected);
    assert_eq!(read.ecn, Some(Ecn::Ect0));
}

#[test]
fn quoted_text_knows_its_escapes() {
    let data = |text: &str| template(text).data.unwrap_or_default();
    assert_eq!(data(r#"ACK data="a b""#), b"a b");
    assert_eq!(data(r#"ACK data="\r\n\t\0\\\"\x7f""#), b"\r\n\t\0\\\"\x7f");
    assert_eq!(data("ACK data=\"é\""), "é".as_bytes());
    assert_eq!(data(r#"ACK data="""#), b"");
}

#[test]
fn pattern_takes_ranges_and_exceptions() {
    let number = |number| Expr::Number(number);
    let read = pattern("RST+ACK? seq=* ack=!5 len=1..10 win=!0..2");
    assert_eq!(read.flags, Flags::RST);
    assert_eq!(read.optional, Flags::ACK);
    assert_eq!(read.seq, Some(Match::Any));
    assert_eq!(
        read.ack,
        Some(Match::Not(Box::new(Match::Value(number(5)))))
    );
    assert_eq!(read.len, Some(Match::Range(number(1), number(10))));
    let range = Match::Range(number(0), number(2));
    assert_eq!(read.window, Some(Match::Not(Box::new(range))));
    assert_eq!(pattern("none").flags, Flags::NONE);
}

#[test]
fn pattern_takes_options_exact_ranged_any_and_absent() {
    let read =
        pattern("SYN <mss=1460; mss=536..1460; ws=!0; ts=*; kind=30; !sackok; kind=253,len=2>");
    let range = Match::Range(Expr::Number(536), Expr::Number(1460));
    let not_zero = Match::Not(Box::new(Match::Value(Expr::Number(0))));
    let unknown = TcpOption::Unknown {
        kind: 253,
        len: 2,
        data: Vec::new(),
    };
    let expected = [
        OptionPattern::Exactly(TcpOption::Mss(1460)),
        OptionPattern::Mss(range),
        OptionPattern::WindowScale(not_zero),
        OptionPattern::Kind(8),
        OptionPattern::Kind(30),
        OptionPattern::Absent(4),
        OptionPattern::Exactly(unknown),
    ];
    assert_eq!(read.options, expected);
}

#[test]
fn segment_shows_all_its_faults_at_once() {
    let found = faults(
        "SYN+SIN sec=0 win=x <mms=5> len=1 data=\"a\"",
        read_template,
    );
    let expected = [
        (Code::UnknownFlag, "SIN"),
        (Code::UnknownField, "sec"),
        (Code::LenAndData, "\"a\""),
        (Code::UnknownLabel, "x"),
        (Code::BadOption, "mms=5"),
    ];
    let expected = expected.map(|(code, text)| (code, text.to_owned()));
    assert_eq!(found, expected);
}

#[track_caller]
fn check_app(text: &str, call: &AppCall, outcomes: &[Outcome]) {
    let (read, told) = reads(text, read_app);
    assert_eq!(read, *call, "{text}");
    assert_eq!(told, outcomes, "{text}");
}

#[test]
fn call_means_what_it_says() {
    check_app("listen", &AppCall::Listen, &[]);
    let connect = |to, route| AppCall::Connect { to, route };
    check_app("connect", &connect(Address::Peer, None), &[]);
    let to = connect(Address::Multicast, None);
    check_app("connect to=multicast expect error", &to, &[Outcome::Error]);
    let by = connect(Address::Peer, Some(route(true, &[1, 9])));
    check_app("connect route=strict:r1,r9", &by, &[]);
    check_app("accept expect ok", &AppCall::Accept, &[Outcome::Ok]);
    check_app("send len=100", &AppCall::SendLen(100), &[]);
    check_app(
        r#"send data="a b""#,
        &AppCall::SendData(b"a b".to_vec()),
        &[],
    );
    check_app(
        "recv len=5 expect bytes=5",
        &AppCall::Recv(5),
        &[Outcome::Bytes(5)],
    );
    check_app(
        "recv len=5 expect eof | reset",
        &AppCall::Recv(5),
        &[Outcome::Eof, Outcome::Reset],
    );
    check_app("send urgent len=5", &AppCall::SendUrgent(5), &[]);
    check_app(
        "urgent expect ahead|none",
        &AppCall::Urgent,
        &[Outcome::Urgent(true), Outcome::Urgent(false)],
    );
    for (report, word) in Report::ALL {
        let outcomes = [Outcome::Report(report), Outcome::Again];
        check_app(
            &format!("report expect {word}|again"),
            &AppCall::Report,
            &outcomes,
        );
    }
    check_app("shutdown", &AppCall::Shutdown, &[]);
    check_app("close", &AppCall::Close, &[]);
    check_app("close listener", &AppCall::CloseListener, &[]);
    check_app(
        "abort expect closed|again",
        &AppCall::Abort,
        &[Outcome::Closed, Outcome::Again],
    );
    let keepalive = |idle| AppCall::SetOption(SocketSetting::KeepAlive(idle));
    let two_hours = Expr::Duration(Duration::from_secs(7200));
    check_app("setopt keepalive=2h", &keepalive(Some(two_hours)), &[]);
    let default = AppCall::SetOption(SocketSetting::KeepAliveByDefault);
    check_app("setopt keepalive=on", &default, &[]);
    check_app("setopt keepalive=off", &keepalive(None), &[]);
    let nagle = AppCall::SetOption(SocketSetting::Nagle(false));
    check_app("setopt nagle=off", &nagle, &[]);
    let buffer = AppCall::SetOption(SocketSetting::ReceiveBuffer(4096));
    check_app("setopt rcvbuf=4096", &buffer, &[]);
    let timeout = Expr::Duration(Duration::from_secs(90));
    let timeout = AppCall::SetOption(SocketSetting::UserTimeout(timeout));
    check_app("setopt user-timeout=90s", &timeout, &[]);
    let ttl = AppCall::SetOption(SocketSetting::Ttl(7));
    check_app("setopt ttl=7", &ttl, &[]);
    let ds = AppCall::SetOption(SocketSetting::Ds(46));
    check_app("setopt ds=46", &ds, &[]);
    check_app(
        "expect refused|timeout",
        &AppCall::Look,
        &[Outcome::Refused, Outcome::Timeout],
    );
}
