//! The JSON Schema of the protocol's lines: what `PROTOCOL.md` says, for programs.

use serde_json::{Value, json};
use tcpspec_wire::{Capability, State};

use crate::request::VERBS;

/// The JSON Schema of a line, in whichever direction.
#[must_use]
pub fn schema() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A line of tcpspec's line protocol, version 1",
        "anyOf": [
            { "$ref": "#/definitions/hello" },
            { "$ref": "#/definitions/request" },
            { "$ref": "#/definitions/reply" },
        ],
        "definitions": {
            "hex": { "type": "string", "pattern": "^([0-9a-f]{2})*$" },
            "time": { "description": "Nanoseconds", "type": "integer", "minimum": 0 },
            "port": { "type": "integer", "minimum": 0, "maximum": 65535 },
            "hello": hello(),
            "request": request(),
            "call": call(),
            "reply": reply(),
        },
    })
}

fn time() -> Value {
    json!({ "$ref": "#/definitions/time" })
}

fn hex() -> Value {
    json!({ "$ref": "#/definitions/hex" })
}

fn port() -> Value {
    json!({ "$ref": "#/definitions/port" })
}

fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn hello() -> Value {
    const TIMES: [&str; 16] = [
        "msl",
        "rto_initial",
        "rto_min",
        "rto_max",
        "ack_delay",
        "r2_syn",
        "r2_syn_ack",
        "r2_data",
        "persist_min",
        "persist_max",
        "keepalive_idle",
        "keepalive_interval",
        "fin_wait_2",
        "late_constant",
        "tick",
        "clock_error",
    ];
    let counts =
        ["r1", "keepalive_probes", "late_per_mille"].map(|name| (name.to_owned(), count()));
    let times = TIMES.map(|name| (name.to_owned(), time()));
    let profile: serde_json::Map<String, Value> = times.into_iter().chain(counts).collect();
    let known: Vec<&str> = Capability::ALL.iter().map(|(_, name)| *name).collect();
    json!({
        "description": "The first line from the stack",
        "type": "object",
        "required": ["hello", "name", "clock", "caps"],
        "properties": {
            "hello": { "const": 1 },
            "name": { "type": "string" },
            "version": { "type": "string" },
            "clock": { "enum": ["virtual", "real"] },
            "caps": { "type": "array", "items": { "enum": known } },
            "profile": { "type": "object", "properties": profile },
            "info": { "type": "array", "items": { "type": "string" } },
            "mtu": { "type": "integer", "minimum": 0, "maximum": 65535 },
            "details": {
                "type": "array",
                "items": { "type": "array", "items": { "type": "string" }, "minItems": 2, "maxItems": 2 },
            },
            "reopen": { "type": "boolean" },
            "ids": { "type": "boolean" },
            "limits": { "type": "object", "properties": { "line": count() } },
        },
    })
}

fn request() -> Value {
    let open = json!({
        "type": "object",
        "required": ["addr", "peer", "mtu", "seed"],
        "properties": {
            "addr": { "type": "string", "pattern": "^[0-9a-f.:]+/[0-9]+$" },
            "peer": { "type": "string", "pattern": "^[0-9a-f.:]+$" },
            "mtu": { "type": "integer", "minimum": 0, "maximum": 65535 },
            "iss": { "type": "integer", "minimum": 0, "maximum": 4_294_967_295_u32 },
            "seed": count(),
        },
    });
    let one = |name: &str, value: Value| json!({ "type": "object", "required": [name], "properties": { name: value } });
    json!({
        "description": "A line to the stack",
        "properties": { "id": count() },
        "oneOf": [
            one("open", open),
            { "$ref": "#/definitions/call" },
            one("queue", hex()),
            one("packet", hex()),
            {
                "type": "object",
                "required": ["run", "stop"],
                "properties": { "run": time(), "stop": { "enum": ["first", "change", "end"] } },
            },
            one("leap", time()),
        ],
    })
}

/// One of the verbs with its fields, or one that no stack has.
fn call() -> Value {
    let text = || json!({ "type": "string" });
    let verb = |name: &str, fields: &[(&str, Value)]| {
        let mut properties = json!({ "call": { "const": name }, "h": text() });
        let mut required = vec!["call", "h"];
        for (field, value) in fields {
            properties[*field] = value.clone();
            required.push(*field);
        }
        json!({ "type": "object", "required": required, "properties": properties })
    };
    let mut connect = verb("connect", &[("port", port()), ("to", text())]);
    connect["properties"]["route"] = text();
    let mut send = verb("send", &[("hex", hex())]);
    send["properties"]["urgent"] = json!({ "const": true });
    let value = json!({ "type": ["boolean", "integer"] });
    let names = json!({ "type": "array", "items": { "type": "string" } });
    let bare = ["shutdown", "close", "abort", "urgent", "report"].map(|name| verb(name, &[]));
    let mut all = vec![
        verb("listen", &[("port", port()), ("backlog", count())]),
        verb("accept", &[("as", text())]),
        connect,
        send,
        verb("recv", &[("max", count())]),
        verb("opt", &[("name", text()), ("value", value)]),
        verb("info", &[("names", names)]),
        json!({
            "type": "object",
            "required": ["call"],
            "properties": { "call": { "const": "die" } },
        }),
        json!({
            "description": "To be answered by `unsupported`",
            "type": "object",
            "required": ["call"],
            "properties": { "call": { "type": "string", "not": { "enum": VERBS } } },
        }),
    ];
    all.extend(bare);
    json!({ "oneOf": all })
}

fn reply() -> Value {
    let states = State::ALL.map(State::name);
    let tuple = |items: Value| {
        let len = items.as_array().map_or(0, Vec::len);
        json!({ "type": "array", "items": { "type": "array", "items": items, "minItems": len, "maxItems": len } })
    };
    json!({
        "description": "A line from the stack, but for the first",
        "type": "object",
        "required": ["now"],
        "properties": {
            "now": time(),
            "next": { "anyOf": [time(), { "type": "null" }] },
            "tx": tuple(json!([time(), hex()])),
            "states": tuple(json!([port(), port(), { "enum": states }, time()])),
            "reasons": tuple(json!([{ "enum": ["dropped", "reset"] }, { "type": "string" }, time()])),
            "ret": {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "properties": {
                    "ok": {},
                    "err": {
                        "type": "string",
                        "pattern": "^(again|eof|refused|reset|timeout|closed|inuse|unsupported|other:.*)$",
                    },
                },
            },
            "late": time(),
            "id": count(),
            "fail": {
                "oneOf": [
                    { "type": "object", "required": ["storm"], "properties": { "storm": count() } },
                    { "type": "object", "required": ["machine"], "properties": { "machine": { "type": "string" } } },
                ],
            },
        },
    })
}
