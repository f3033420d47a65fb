//! Every line of a talk is as the schema says: a talk with the server that takes all
//! kinds of requests, and with nonsense, which the schema refuses.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use rstest::rstest;
use serde_json::Value;
use tcpspec_connector::control::{Control, ControlStack};
use tcpspec_protocol::{schema, serve};

/// Why `value` is not what the schema says; the few keywords that ours has, and no other.
fn complaint(root: &Value, schema: &Value, value: &Value) -> Option<String> {
    let fields = schema.as_object().unwrap();
    let all = |schemas: &Value| {
        schemas
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| complaint(root, one, value).is_none())
            .count()
    };
    fields.iter().find_map(|(keyword, rule)| {
        let fits = match keyword.as_str() {
            "$schema" | "title" | "description" | "definitions" => true,
            "$ref" => {
                let place = rule.as_str().unwrap().trim_start_matches('#');
                return complaint(root, root.pointer(place).unwrap(), value);
            }
            "const" => rule == value,
            "enum" => rule.as_array().unwrap().contains(value),
            "not" => complaint(root, rule, value).is_some(),
            "anyOf" => all(rule) > 0,
            "oneOf" => all(rule) == 1,
            "type" => match rule {
                Value::Array(types) => types.iter().any(|rule| is_a(rule, value)),
                rule => is_a(rule, value),
            },
            "required" => rule
                .as_array()
                .unwrap()
                .iter()
                .all(|name| value.get(name.as_str().unwrap()).is_some()),
            "properties" => {
                let within = |(name, rule)| complaint(root, rule, value.get(name)?);
                return rule
                    .as_object()
                    .unwrap()
                    .iter()
                    .map(|(name, rule)| (name.as_str(), rule))
                    .find_map(within);
            }
            "items" => {
                let mut items = value.as_array()?.iter().enumerate();
                return items
                    .find_map(|(at, item)| complaint(root, rule.get(at).unwrap_or(rule), item));
            }
            "minItems" => value.as_array()?.len() as u64 >= rule.as_u64().unwrap(),
            "maxItems" => value.as_array()?.len() as u64 <= rule.as_u64().unwrap(),
            "minProperties" => value.as_object()?.len() as u64 >= rule.as_u64().unwrap(),
            "maxProperties" => value.as_object()?.len() as u64 <= rule.as_u64().unwrap(),
            "minimum" => value.as_u64()? >= rule.as_u64().unwrap(),
            "maximum" => value.as_u64()? <= rule.as_u64().unwrap(),
            "pattern" => matches(rule.as_str().unwrap(), value.as_str()?),
            other => panic!("the test knows no keyword {other}"),
        };
        (!fits).then(|| format!("{value} is against {keyword} {rule}"))
    })
}

fn is_a(rule: &Value, value: &Value) -> bool {
    match rule.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the test knows no type {other}"),
    }
}

/// The four patterns of the schema.
fn matches(pattern: &str, text: &str) -> bool {
    let address = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_hexdigit() || ".:".contains(c))
    };
    match pattern {
        "^([0-9a-f]{2})*$" => {
            text.len().is_multiple_of(2) && text.chars().all(|c| "0123456789abcdef".contains(c))
        }
        "^[0-9a-f.:]+$" => address(text),
        "^[0-9a-f.:]+/[0-9]+$" => text
            .split_once('/')
            .is_some_and(|(ip, prefix)| address(ip) && prefix.parse::<u8>().is_ok()),
        words => {
            let words = words
                .trim_start_matches("^(")
                .trim_end_matches("|other:.*)$");
            text.starts_with("other:") || words.split('|').any(|word| word == text)
        }
    }
}

#[track_caller]
pub(crate) fn check(definition: &str, line: &str) {
    let schema = schema();
    let value: Value = serde_json::from_str(line).unwrap();
    let rule = &schema["definitions"][definition];
    let complaint = complaint(&schema, rule, &value);
    assert_eq!(complaint, None, "{line}");
}

const REQUESTS: [&str; 18] = [
    r#"{"open":{"addr":"2001:db8::1/64","peer":"2001:db8::2","mtu":1500,"iss":7,"seed":18446744073709551615}}"#,
    r#"{"call":"listen","h":"L","port":80,"backlog":8}"#,
    r#"{"call":"accept","h":"L","as":"C"}"#,
    r#"{"call":"connect","h":"C","port":5000,"to":"192.0.2.2:40000"}"#,
    r#"{"call":"send","h":"C","hex":"6162"}"#,
    r#"{"call":"send","h":"C","hex":"6162","urgent":true}"#,
    r#"{"call":"recv","h":"C","max":100}"#,
    r#"{"call":"urgent","h":"C"}"#,
    r#"{"call":"report","h":"C"}"#,
    r#"{"call":"opt","h":"C","name":"nagle","value":false}"#,
    r#"{"call":"info","h":"C","names":["rto"]}"#,
    r#"{"call":"shutdown","h":"C"}"#,
    r#"{"call":"close","h":"C"}"#,
    r#"{"call":"abort","h":"C"}"#,
    r#"{"call":"x00","h":"probe"}"#,
    r#"{"queue":"4500"}"#,
    r#"{"packet":"4500"}"#,
    r#"{"run":60000000000,"stop":"first"}"#,
];

#[test]
fn every_line_is_as_the_schema_says() {
    for request in REQUESTS {
        check("request", request);
        check_in_whole(request);
    }
    for control in [Control::Silent, Control::Floods] {
        let heard = Heard::default();
        let asked = REQUESTS.join("\n");
        serve(
            &mut ControlStack::new(control),
            asked.as_bytes(),
            heard.clone(),
        )
        .unwrap();
        let heard = String::from_utf8(heard.0.lock().unwrap().clone()).unwrap();
        let mut lines = heard.lines();
        check("hello", lines.next().unwrap());
        assert_eq!(lines.clone().count(), REQUESTS.len());
        lines.for_each(|line| {
            check("reply", line);
            check_in_whole(line);
        });
    }
}

/// Whoever writes a stack reads it before.
#[test]
fn page_fits_on_two_screens() {
    const SCREEN: usize = 50;
    let page = include_str!("../../PROTOCOL.md");
    assert!(page.lines().count() <= 2 * SCREEN);
}

fn check_in_whole(line: &str) {
    let schema = schema();
    let value = serde_json::from_str(line).unwrap();
    assert_eq!(complaint(&schema, &schema, &value), None);
}

#[rstest]
#[case::time("reply", r#"{"now":-1}"#)]
#[case::hex("reply", r#"{"now":0,"tx":[[0,"4"]]}"#)]
#[case::state("reply", r#"{"now":0,"states":[[80,40000,"OPEN",0]]}"#)]
#[case::word("reply", r#"{"now":0,"ret":{"err":"sorry"}}"#)]
#[case::version("hello", r#"{"hello":2,"name":"x","clock":"virtual","caps":[]}"#)]
#[case::capability(
    "hello",
    r#"{"hello":1,"name":"x","clock":"virtual","caps":["telepathy"]}"#
)]
#[case::verb("request", r#"{"call":"listen","h":"L"}"#)]
#[case::nothing("request", "{}")]
fn schema_refuses_nonsense(#[case] definition: &str, #[case] line: &str) {
    let schema = schema();
    let value: Value = serde_json::from_str(line).unwrap();
    let rule = &schema["definitions"][definition];
    assert!(complaint(&schema, rule, &value).is_some());
}

/// What the server says.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<u8>>>);

impl Write for Heard {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
