//! The server: what it answers, line by line, and over a socket.

use std::io::BufReader;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::thread;

use rstest::rstest;
use tcpspec_connector::control::{Control, ControlStack};
use tcpspec_connector::{Call, CallError, Handle, StackError, StackUnderTest, Stop};
use tcpspec_protocol::{Address, Client, serve};
use tcpspec_wire::Instant;

use crate::toy::{PATIENCE, setup};

const OPEN: &str =
    r#"{"open":{"addr":"192.0.2.1/24","peer":"192.0.2.2","mtu":1500,"seed":1,"new":true}}"#;

/// What a stack answers after its hello.
fn answers(control: Control, asked: &[&str]) -> Vec<String> {
    let input = asked.join("\n") + "\n";
    let mut output = Vec::new();
    let served = serve(
        &mut ControlStack::new(control),
        input.as_bytes(),
        &mut output,
    );
    served.unwrap();
    let output = String::from_utf8(output).unwrap();
    output.lines().skip(1).map(str::to_owned).collect()
}

#[rstest]
#[case::call(
    r#"{"call":"listen","h":"L","port":80,"backlog":1}"#,
    r#"{"now":0,"next":null,"ret":{"ok":true}}"#
)]
#[case::verb(r#"{"call":"dance"}"#, r#"{"now":0,"ret":{"err":"unsupported"}}"#)]
#[case::nothing("{}", r#"{"now":0,"ret":{"err":"unsupported"}}"#)]
#[case::nonsense(
    "hm",
    r#"{"now":0,"ret":{"err":"other:expected value at line 1 column 1"}}"#
)]
#[case::queue(r#"{"queue":"45"}"#, r#"{"now":0,"next":null}"#)]
#[case::run(r#"{"run":7,"stop":"end"}"#, r#"{"now":7,"next":null}"#)]
#[case::leap(r#"{"leap":7}"#, r#"{"now":7,"next":null}"#)]
#[case::packet(r#"{"packet":"45"}"#, r#"{"now":0,"fail":{"storm":1000}}"#)]
fn server_answers(#[case] asked: &str, #[case] answered: &str) {
    let told = answers(Control::Floods, &[OPEN, asked]);
    assert_eq!(told, [r#"{"now":0,"next":null}"#, answered]);
}

fn check_served(client: Result<Client, StackError>) {
    let mut client = client.unwrap();
    assert_eq!(client.hello(), ControlStack::new(Control::Silent).hello());
    for _ in 0..2 {
        client.open(&setup()).unwrap();
        let recv = Call::Recv {
            handle: Handle("C".to_owned()),
            max: 1,
        };
        assert_eq!(client.call(&recv).unwrap().ret, Some(Err(CallError::Again)));
        let later = Instant::from_millis(5);
        assert_eq!(client.run(later, Stop::AtEnd).unwrap().now, later);
        let far = Instant::from_millis(60_000);
        assert_eq!(client.leap(far).unwrap().now, far);
    }
    assert_eq!(client.probe(1).unwrap(), Vec::<String>::new());
    let said = client.transcript().lines;
    assert_eq!(said.len(), 12);
    for line in said {
        let definition = if line.starts_with('>') {
            "request"
        } else {
            "reply"
        };
        crate::lines::check(definition, &line[2..]);
    }
}

#[test]
fn stack_is_reached_over_a_socket() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("stack");
    let listener = UnixListener::bind(&path).unwrap();
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let input = BufReader::new(stream.try_clone().unwrap());
        serve(&mut ControlStack::new(Control::Silent), input, stream).unwrap();
    });
    check_served(Client::connect(Address::Unix(path), PATIENCE));
    server.join().unwrap();
}

#[test]
fn stack_is_reached_over_a_port() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let input = BufReader::new(stream.try_clone().unwrap());
        serve(&mut ControlStack::new(Control::Silent), input, stream).unwrap();
    });
    check_served(Client::connect(Address::Tcp(address), PATIENCE));
    server.join().unwrap();
}

#[test]
fn connection_that_is_closed_is_a_death() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = Address::Tcp(listener.local_addr().unwrap().to_string());
    let server = thread::spawn(move || drop(listener.accept().unwrap()));
    let error = Client::connect(address, PATIENCE).unwrap_err();
    server.join().unwrap();
    assert_eq!(
        error.to_string(),
        "the stack died: it closed the connection before it said hello"
    );
}
