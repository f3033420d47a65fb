//! MYSTACK behind line protocol v1 of tcpspec.
//!
//!     zig build-exe -lc mystack.zig
//!     tcpspec connect check exec:./mystack
//!
//! Your part comes first; the protocol stands below it and is complete.

const std = @import("std");

const name = "mystack";
const version = "0.1";
/// What works, and no more: passive-open data app-close ...
const caps = [_][]const u8{ "ipv4", "virtual-time" };
/// Times that you keep, in nanoseconds, where they are not those of the RFCs:
/// `"msl":30000000000`.
const profile = "";

/// What a verb gives that cannot be done; each is a word of the protocol.
const Refused = error{ again, eof, refused, reset, timeout, closed, inuse, unsupported };

/// Your stack. `tcpspec connect check` says which verb to write next.
///
/// Nothing waits, and time moves by itself nowhere: it is `now`, in nanoseconds.
/// Whatever a call or a packet leads to at once is said before it returns: packets
/// by `transmit`, changes of state by `changed` (if you declare `state` and
/// `state-log`).
const Stack = struct {
    /// Opened in this world. It is time 0.
    fn open(_: World) Stack {
        return .{};
    }

    fn listen(_: *Stack, _: []const u8, _: u16, _: u16) Refused!void {
        return error.unsupported; // name, port, backlog
    }

    fn connect(_: *Stack, _: []const u8, _: u16, _: []const u8) Refused!void {
        return error.unsupported; // name, port, to
    }

    fn accept(_: *Stack, _: []const u8, _: []const u8) Refused!void {
        return error.unsupported; // listener, new name
    }

    /// Gives the number of octets taken.
    fn send(_: *Stack, _: []const u8, _: []const u8) Refused!usize {
        return error.unsupported; // name, octets
    }

    /// Gives octets, never none; they stay where they are until the next call.
    fn recv(_: *Stack, _: []const u8, _: usize) Refused![]const u8 {
        return error.unsupported; // name, octets at most
    }

    fn shutdown(_: *Stack, _: []const u8) Refused!void {
        return error.unsupported;
    }

    fn close(_: *Stack, _: []const u8) Refused!void {
        return error.unsupported;
    }

    fn abort(_: *Stack, _: []const u8) Refused!void {
        return error.unsupported;
    }

    /// One has arrived, from its IP header on.
    fn packet(_: *Stack, _: []const u8) void {}

    /// The earliest of your timers.
    fn deadline(_: *const Stack) ?u64 {
        return null;
    }

    /// Does what is due at `now`.
    fn timer(_: *Stack) void {}
};

// ---- the protocol ----

/// The world that a stack is opened in. `addr` has a prefix: `192.0.2.1/24`.
const World = struct {
    addr: []const u8 = "",
    peer: []const u8 = "",
    mtu: u16 = 1500,
    iss: ?u32 = null,
    seed: u64 = 0,
};

const Request = struct {
    open: ?World = null,
    call: []const u8 = "",
    packet: ?[]const u8 = null,
    run: ?u64 = null,
    stop: []const u8 = "end",
    h: []const u8 = "",
    as: []const u8 = "",
    port: u16 = 0,
    backlog: u16 = 0,
    to: []const u8 = "",
    hex: []const u8 = "",
    urgent: bool = false,
    max: usize = 0,
};

/// Octets of the longest line; and text that grows up to it.
const longest = 1 << 20;
const Text = struct {
    octets: [longest]u8 = undefined,
    len: usize = 0,

    fn add(self: *Text, comptime format: []const u8, args: anytype) void {
        const text = std.fmt.bufPrint(self.octets[self.len..], format, args) catch @panic("a line is too long");
        self.len += text.len;
    }

    fn addHex(self: *Text, octets: []const u8) void {
        for (octets) |octet| self.add("{x:0>2}", .{octet});
    }

    fn all(self: *const Text) []const u8 {
        return self.octets[0..self.len];
    }
};

var now: u64 = 0;
var tx = Text{};
var states = Text{};
var ret = Text{};
var reply = Text{};

/// Emits a packet, from its IP header on.
fn transmit(octets: []const u8) void {
    tx.add("{s}[{d},\"", .{ if (tx.len > 0) "," else "", now });
    tx.addHex(octets);
    tx.add("\"]", .{});
}

/// A connection, by its two ports, is in another state from now on.
fn changed(local: u16, remote: u16, state: []const u8) void {
    states.add("{s}[{d},{d},\"{s}\",{d}]", .{ if (states.len > 0) "," else "", local, remote, state, now });
}

var unhexed: [longest / 2]u8 = undefined;

fn octetsOf(hex: []const u8) []const u8 {
    return std.fmt.hexToBytes(&unhexed, hex) catch "";
}

/// What a call of the application gives goes into `ret`.
fn call(stack: *Stack, line: Request) Refused!void {
    const is = struct {
        fn is(a: []const u8, b: []const u8) bool {
            return std.mem.eql(u8, a, b);
        }
    }.is;
    if (is(line.call, "send") and !line.urgent) {
        return ret.add("{d}", .{try stack.send(line.h, octetsOf(line.hex))});
    }
    if (is(line.call, "recv")) {
        const data = try stack.recv(line.h, line.max);
        ret.add("\"", .{});
        ret.addHex(data);
        return ret.add("\"", .{});
    }
    if (is(line.call, "listen")) {
        try stack.listen(line.h, line.port, line.backlog);
    } else if (is(line.call, "connect")) {
        try stack.connect(line.h, line.port, line.to);
    } else if (is(line.call, "accept")) {
        try stack.accept(line.h, line.as);
    } else if (is(line.call, "shutdown")) {
        try stack.shutdown(line.h);
    } else if (is(line.call, "close")) {
        try stack.close(line.h);
    } else if (is(line.call, "abort")) {
        try stack.abort(line.h);
    } else return error.unsupported;
    ret.add("true", .{});
}

/// Time goes from deadline to deadline, until `until` or until a packet leaves.
fn run(stack: *Stack, until: u64, stop: []const u8) void {
    while (stack.deadline()) |at| {
        if (at > until) break;
        now = @max(now, at);
        stack.timer();
        const change = std.mem.eql(u8, stop, "change") and states.len > 0;
        if (!std.mem.eql(u8, stop, "end") and (tx.len > 0 or change)) return;
    }
    now = @max(now, until);
}

/// One line in, one line out.
fn answer(stack: *Stack, line: Request) void {
    tx.len = 0;
    states.len = 0;
    ret.len = 0;
    reply.len = 0;
    if (line.open) |world| {
        now = 0;
        stack.* = Stack.open(world);
    } else if (line.packet) |hex| {
        stack.packet(octetsOf(hex));
    } else if (line.run) |until| {
        run(stack, until, line.stop);
    } else if (call(stack, line)) {
        reply.add("\"ret\":{{\"ok\":{s}}},", .{ret.all()});
    } else |err| {
        reply.add("\"ret\":{{\"err\":\"{s}\"}},", .{@errorName(err)});
    }
    if (stack.deadline()) |next| reply.add("\"next\":{d},", .{next}) else reply.add("\"next\":null,", .{});
    reply.add("\"tx\":[{s}],\"states\":[{s}],\"now\":{d}", .{ tx.all(), states.all(), now });
}

extern "c" fn read(fd: c_int, to: [*]u8, most: usize) isize;
extern "c" fn write(fd: c_int, from: [*]const u8, len: usize) isize;

fn say(text: []const u8) void {
    var rest = text;
    while (rest.len > 0) {
        const written = write(1, rest.ptr, rest.len);
        if (written <= 0) @panic("nobody listens");
        rest = rest[@intCast(written)..];
    }
}

var input: [longest]u8 = undefined;

pub fn main() void {
    var stack = Stack.open(.{});
    reply.add("{{\"hello\":1,\"name\":\"{s}\",\"version\":\"{s}\",\"clock\":\"virtual\",\"caps\":[", .{ name, version });
    for (caps, 0..) |cap, at| reply.add("{s}\"{s}\"", .{ if (at > 0) "," else "", cap });
    reply.add("],\"profile\":{{{s}}},\"reopen\":true,\"limits\":{{\"line\":{d}}}}}\n", .{ profile, longest - 2 });
    say(reply.all());
    var arena = std.heap.ArenaAllocator.init(std.heap.page_allocator);
    var len: usize = 0;
    while (true) {
        const came = read(0, input[len..].ptr, input.len - len);
        if (came <= 0) return;
        len += @intCast(came);
        while (std.mem.indexOfScalar(u8, input[0..len], '\n')) |end| {
            const options = std.json.ParseOptions{ .ignore_unknown_fields = true };
            const line = std.json.parseFromSliceLeaky(Request, arena.allocator(), input[0..end], options) catch Request{};
            answer(&stack, line);
            say("{");
            reply.add("}}\n", .{});
            say(reply.all());
            _ = arena.reset(.retain_capacity);
            std.mem.copyForwards(u8, &input, input[end + 1 .. len]);
            len -= end + 1;
        }
    }
}
