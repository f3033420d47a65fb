// MYSTACK behind line protocol v1 of tcpspec.
//
//	go build -o mystack mystack.go
//	tcpspec connect check exec:./mystack
//
// Your part comes first; the protocol stands below it and is complete.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
)

var (
	name, version = "mystack", "0.1"
	// What works, and no more: passive-open data app-close ...
	caps = []string{"ipv4", "virtual-time"}
	// Times that you keep, in nanoseconds, where they are not those of the RFCs.
	profile = map[string]uint64{}
)

// What a verb gives that cannot be done.
var (
	errAgain       = errors.New("again")       // nothing to do yet
	errEOF         = errors.New("eof")         // the peer has closed, and all was read
	errRefused     = errors.New("refused")     // reset while it was being opened
	errReset       = errors.New("reset")       // reset later
	errTimeout     = errors.New("timeout")     // given up
	errClosed      = errors.New("closed")      // no such connection, or closed by its user
	errInUse       = errors.New("inuse")       // the port is taken
	errUnsupported = errors.New("unsupported") // there is no such verb
)

// stack is your stack. `tcpspec connect check` says which verb to write next.
//
// Nothing waits, and time moves by itself nowhere: it is s.now, in nanoseconds.
// Whatever a call or a packet leads to at once is said before it returns: packets
// by transmit, changes of state by changed (if you declare `state` and
// `state-log`).
type stack struct {
	protocol
}

// newStack is opened in this world. It is time 0.
func newStack(w world) *stack { return &stack{} }

func (s *stack) listen(h string, port uint16, backlog int) error { return errUnsupported }

func (s *stack) connect(h string, port uint16, to string) error { return errUnsupported }

func (s *stack) accept(h, as string) error { return errUnsupported }

// send gives the number of octets taken.
func (s *stack) send(h string, data []byte) (int, error) { return 0, errUnsupported }

// recv gives octets, never none.
func (s *stack) recv(h string, most int) ([]byte, error) { return nil, errUnsupported }

func (s *stack) shutdown(h string) error { return errUnsupported }

func (s *stack) close(h string) error { return errUnsupported }

func (s *stack) abort(h string) error { return errUnsupported }

// packet has arrived, from its IP header on.
func (s *stack) packet(octets []byte) {}

// deadline is the earliest of your timers; nil where none runs.
func (s *stack) deadline() *uint64 { return nil }

// timer does what is due at s.now.
func (s *stack) timer() {}

// ---- the protocol ----

type world struct {
	Addr, Peer string
	MTU        int
	ISS        *uint32
	Seed       uint64
}

type protocol struct {
	now    uint64
	tx     [][2]any
	states [][4]any
}

// transmit emits a packet, from its IP header on.
func (p *protocol) transmit(octets []byte) {
	p.tx = append(p.tx, [2]any{p.now, hex.EncodeToString(octets)})
}

// changed says that a connection, by its two ports, is in another state from now on.
func (p *protocol) changed(local, remote uint16, state string) {
	p.states = append(p.states, [4]any{local, remote, state, p.now})
}

type request struct {
	Open    *world
	Call    string
	Packet  *string
	Run     *uint64
	Stop    string
	H, As   string
	Port    uint16
	Backlog int
	To      string
	Hex     string
	Urgent  bool
	Max     int
}

// call gives what the application is told.
func (s *stack) call(r request) (any, error) {
	switch {
	case r.Call == "listen":
		return true, s.listen(r.H, r.Port, r.Backlog)
	case r.Call == "connect":
		return true, s.connect(r.H, r.Port, r.To)
	case r.Call == "accept":
		return true, s.accept(r.H, r.As)
	case r.Call == "send" && !r.Urgent:
		data, err := hex.DecodeString(r.Hex)
		if err != nil {
			return nil, err
		}
		return value(s.send(r.H, data))
	case r.Call == "recv":
		data, err := s.recv(r.H, r.Max)
		return hex.EncodeToString(data), err
	case r.Call == "shutdown":
		return true, s.shutdown(r.H)
	case r.Call == "close":
		return true, s.close(r.H)
	case r.Call == "abort":
		return true, s.abort(r.H)
	}
	return nil, errUnsupported
}

func value(n int, err error) (any, error) { return n, err }

// run lets time go from deadline to deadline, until `until` or until a packet leaves.
func (s *stack) run(until uint64, stop string) {
	for at := s.deadline(); at != nil && *at <= until; at = s.deadline() {
		if *at > s.now {
			s.now = *at
		}
		s.timer()
		if stop != "end" && (len(s.tx) > 0 || (stop == "change" && len(s.states) > 0)) {
			return
		}
	}
	if until > s.now {
		s.now = until
	}
}

// answer is one line for one line, and the stack from then on.
func answer(s *stack, r request) (*stack, map[string]any) {
	reply := map[string]any{}
	switch {
	case r.Open != nil:
		s = newStack(*r.Open)
	case r.Packet != nil:
		if octets, err := hex.DecodeString(*r.Packet); err == nil {
			s.packet(octets)
		}
	case r.Run != nil:
		s.run(*r.Run, r.Stop)
	default:
		if done, err := s.call(r); err != nil {
			reply["ret"] = map[string]any{"err": err.Error()}
		} else {
			reply["ret"] = map[string]any{"ok": done}
		}
	}
	reply["now"], reply["next"] = s.now, s.deadline()
	if len(s.tx) > 0 {
		reply["tx"] = s.tx
	}
	if len(s.states) > 0 {
		reply["states"] = s.states
	}
	s.tx, s.states = nil, nil
	return s, reply
}

func main() {
	in, out := json.NewDecoder(bufio.NewReader(os.Stdin)), json.NewEncoder(os.Stdout)
	say := func(line map[string]any) {
		if out.Encode(line) != nil {
			os.Exit(1)
		}
	}
	say(map[string]any{"hello": 1, "name": name, "version": version, "clock": "virtual",
		"caps": caps, "profile": profile, "reopen": true})
	s := newStack(world{})
	for {
		var r request
		var reply map[string]any
		if err := in.Decode(&r); err == io.EOF {
			return
		} else if err != nil {
			panic(err)
		}
		s, reply = answer(s, r)
		say(reply)
	}
}
