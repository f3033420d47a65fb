#!/usr/bin/env python3
"""MYSTACK behind line protocol v1 of tcpspec.

    tcpspec connect check 'exec:python3 mystack.py'

Your part comes first; the protocol stands below it and is complete.
"""

import json
import sys

NAME, VERSION = "mystack", "0.1"
# What works, and no more: passive-open data app-close ...
CAPS = ["ipv4", "virtual-time"]
# Times that you keep, in nanoseconds, where they are not those of the RFCs.
PROFILE = {}


class Refused(Exception):
    """A verb that cannot be done: again, eof, refused, reset, timeout, closed,
    inuse, unsupported."""


class Stack:
    """Your stack. `tcpspec connect check` says which verb to write next.

    Nothing waits, and time moves by itself nowhere: it is `self.now`, in
    nanoseconds. Whatever a call or a packet leads to at once is said before it
    returns: packets by `transmit`, changes of state by `changed` (if you declare
    `state` and `state-log`)."""

    def __init__(self, world):
        """In the world of `open`: addr, peer, mtu, seed. It is time 0."""
        self.now, self.tx, self.states = 0, [], []

    def listen(self, h, port, backlog):
        raise Refused("unsupported")

    def connect(self, h, port, to):
        raise Refused("unsupported")

    def accept(self, h, new):
        raise Refused("unsupported")

    def send(self, h, data):
        """Gives the number of octets taken."""
        raise Refused("unsupported")

    def recv(self, h, most):
        """Gives octets, never none."""
        raise Refused("unsupported")

    def shutdown(self, h):
        raise Refused("unsupported")

    def close(self, h):
        raise Refused("unsupported")

    def abort(self, h):
        raise Refused("unsupported")

    def packet(self, octets):
        """One has arrived, from its IP header on."""

    def deadline(self):
        """The earliest of your timers; None where none runs."""
        return None

    def timer(self):
        """Do what is due at `self.now`."""

    def transmit(self, octets):
        """Emits a packet, from its IP header on."""
        self.tx.append([self.now, octets.hex()])

    def changed(self, local, remote, state):
        """A connection, by its two ports, is in another state from now on."""
        self.states.append([local, remote, state, self.now])


# ---- the protocol ----


def call(stack, line):
    """What a call of the application gives."""
    verb, h = line.get("call"), line.get("h")
    if verb == "listen":
        return stack.listen(h, line["port"], line["backlog"])
    if verb == "connect":
        return stack.connect(h, line["port"], line["to"])
    if verb == "accept":
        return stack.accept(h, line["as"])
    if verb == "send" and not line.get("urgent"):
        return stack.send(h, bytes.fromhex(line["hex"]))
    if verb == "recv":
        return stack.recv(h, line["max"]).hex()
    if verb in ("shutdown", "close", "abort"):
        return getattr(stack, verb)(h)
    raise Refused("unsupported")


def run(stack, until, stop):
    """Time goes from deadline to deadline, until `until` or until a packet leaves."""
    while (at := stack.deadline()) is not None and at <= until:
        stack.now = max(stack.now, at)
        stack.timer()
        if stop != "end" and (stack.tx or (stop == "change" and stack.states)):
            return
    stack.now = max(stack.now, until)


def answer(stack, line):
    """One line in, one line out, and the stack from then on."""
    ret = None
    if "open" in line:
        stack = Stack(line["open"])
    elif "packet" in line:
        stack.packet(bytes.fromhex(line["packet"]))
    elif "run" in line:
        run(stack, line["run"], line.get("stop"))
    else:
        try:
            done = call(stack, line)
            ret = {"ok": True if done is None else done}
        except Refused as error:
            ret = {"err": str(error)}
    reply = {"now": stack.now, "next": stack.deadline(), "tx": stack.tx, "states": stack.states}
    if ret is not None:
        reply["ret"] = ret
    stack.tx, stack.states = [], []
    return stack, reply


def say(line):
    print(json.dumps(line, separators=(",", ":")), flush=True)


def main():
    say({"hello": 1, "name": NAME, "version": VERSION, "clock": "virtual", "caps": CAPS,
         "profile": PROFILE, "reopen": True})
    stack = Stack({})
    for line in sys.stdin:
        stack, reply = answer(stack, json.loads(line))
        say(reply)


main()
