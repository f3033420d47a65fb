/* A toy TCP behind line protocol v1: what a newcomer reads and copies.
 *
 * It listens, takes text and sends it, closes from either side, answers what it
 * does not want by RST or ACK, and repeats what is lost: one segment is under way
 * at a time, so that there is nothing to reorder and no congestion to control.
 * Left out, and not declared: active opens, IPv6, urgent text, text that comes out
 * of order (it has to come again), every option but the MSS. That is a choice: it is
 * read in ten minutes, and `tcpspec serve bundled` has the rest.
 *
 * Section numbers are those of RFC 9293. */
#include "v1.h"

#define SECOND UINT64_C(1000000000)
#define MSL (30 * SECOND)
#define RTO_LEAST SECOND
#define RTO_MOST (60 * SECOND)
#define R2_SYN (180 * SECOND)
#define R2_TEXT (100 * SECOND)
#define FIN_WAIT_2_MOST (60 * SECOND)
#define IN_ROOM 65535u
#define OUT_ROOM 65536u

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

enum state {
    LISTEN, SYN_RECEIVED, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2,
    CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT, CLOSED
};
static const char *const STATES[] = {
    "LISTEN", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2",
    "CLOSE-WAIT", "CLOSING", "LAST-ACK", "TIME-WAIT", "CLOSED"
};

/* A segment as it has come. */
struct segment {
    const uint8_t *host;
    uint16_t from, to;
    uint32_t seq, ack;
    uint8_t flags;
    uint16_t window;
    const uint8_t *options, *text;
    size_t options_len, len;
};

struct listener {
    struct listener *next;
    char h[64];
    uint16_t port;
    unsigned backlog;
};

struct connection {
    struct connection *next;
    char h[64];        /* empty before `accept` */
    bool released;     /* the application has let go of it */
    enum state state;
    v1_result error;   /* what ended it */
    uint8_t host[4];   /* the address of its peer */
    uint16_t local, remote;
    uint32_t iss, snd_una, snd_nxt, snd_wnd, snd_wl1, snd_wl2;
    uint32_t most_wnd; /* the largest that the peer has ever announced */
    uint32_t rcv_nxt, rcv_edge; /* the first number beyond the announced window */
    uint32_t mss;
    bool close_asked, fin_sent, fin_received;
    size_t flight;     /* octets of text in the segment under way */
    bool probe;        /* the segment under way asks for a window */
    bool repeated;
    uint64_t deadline, first_sent, sent, rto, srtt, rttvar;
    uint8_t in[IN_ROOM], out[OUT_ROOM]; /* unread; not acknowledged */
    size_t in_len, out_len;
};

static struct listener *listeners;
static struct connection *connections;
static struct v1_world world;
static uint8_t own[4];

/* ---- numbers ---- */

static int32_t distance(uint32_t a, uint32_t b) { return (int32_t)(a - b); }
static size_t least(size_t a, size_t b) { return a < b ? a : b; }
static uint32_t get16(const uint8_t *p) { return (uint32_t)p[0] << 8 | p[1]; }
static uint32_t get32(const uint8_t *p) { return get16(p) << 16 | get16(p + 2); }
static void put16(uint8_t *p, uint32_t n) { p[0] = (uint8_t)(n >> 8); p[1] = (uint8_t)n; }
static void put32(uint8_t *p, uint32_t n) { put16(p, n >> 16); put16(p + 2, n); }

static uint32_t sum(uint32_t start, const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        start += i % 2 ? p[i] : (uint32_t)p[i] << 8;
    while (start >> 16)
        start = (start & 0xffff) + (start >> 16);
    return start;
}

/* Of a segment in a packet from one address to the other; both are 4 octets. */
static uint32_t tcp_sum(const uint8_t *addresses, const uint8_t *tcp, size_t len)
{
    return sum(sum(6 + (uint32_t)len, addresses, 8), tcp, len);
}

/* An initial number that grows with time, and that others cannot guess from
 * those of other connections (3.4.1), if the seed is a secret. */
static uint32_t initial_number(uint16_t local, uint16_t remote)
{
    uint64_t mixed = world.seed ^ ((uint64_t)local << 16 | remote);
    for (int i = 0; i < 3; i++)
        mixed = (mixed ^ mixed >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
    return (uint32_t)(mixed >> 32) + (uint32_t)(v1_now() / 4000);
}

/* ---- what leaves ---- */

static void transmit(const uint8_t *host, uint16_t local, uint16_t remote, uint32_t seq,
                     uint32_t ack, uint8_t flags, size_t window, const uint8_t *text, size_t len)
{
    uint8_t packet[V1_PACKET] = {0x45};
    uint8_t *tcp = packet + 20;
    size_t header = flags & SYN ? 24 : 20;
    put16(packet + 2, (uint32_t)(20 + header + len));
    packet[6] = 0x40; /* DF */
    packet[8] = 64;
    packet[9] = 6;
    memcpy(packet + 12, own, 4);
    memcpy(packet + 16, host, 4);
    put16(packet + 10, ~sum(0, packet, 20));
    put16(tcp, local);
    put16(tcp + 2, remote);
    put32(tcp + 4, seq);
    put32(tcp + 8, flags & ACK ? ack : 0);
    tcp[12] = (uint8_t)(header << 2);
    tcp[13] = flags;
    put16(tcp + 14, (uint32_t)window);
    if (flags & SYN) {
        tcp[20] = 2;
        tcp[21] = 4;
        put16(tcp + 22, world.mtu - 40);
    }
    if (len)
        memcpy(tcp + header, text, len);
    put16(tcp + 16, ~tcp_sum(packet + 12, tcp, header + len));
    v1_transmit(packet, 20 + header + len);
}

static size_t window_of(struct connection *c)
{
    /* The edge moves by a whole segment or half the room at least (3.8.6.2.2),
     * and never back. */
    uint32_t edge = c->rcv_nxt + (uint32_t)(IN_ROOM - c->in_len);
    if (distance(edge, c->rcv_edge) >= (int32_t)least(c->mss, IN_ROOM / 2))
        c->rcv_edge = edge;
    return c->rcv_edge - c->rcv_nxt;
}

static void say(struct connection *c, uint32_t seq, uint8_t flags, const uint8_t *text, size_t len)
{
    transmit(c->host, c->local, c->remote, seq, c->rcv_nxt, flags, window_of(c), text, len);
}

static void acknowledge(struct connection *c)
{
    say(c, c->snd_nxt, ACK, NULL, 0);
}

/* The segment under way, for the first time or again. */
static void send_flight(struct connection *c)
{
    uint8_t flags = ACK;
    if (c->state == SYN_RECEIVED)
        flags |= SYN;
    if (c->flight)
        flags |= PSH;
    if (c->fin_sent)
        flags |= FIN;
    say(c, c->snd_una, flags, c->out, c->flight);
    c->sent = v1_now();
    c->deadline = c->sent + c->rto;
}

static void begin_flight(struct connection *c, size_t len, bool fin)
{
    c->flight = len;
    c->fin_sent = fin;
    c->snd_nxt = c->snd_una + (uint32_t)len + fin + (c->state == SYN_RECEIVED);
    c->repeated = false;
    c->first_sent = v1_now();
    send_flight(c);
}

/* The answer to a segment that is for no connection (3.5.2). */
static void refuse(const struct segment *s)
{
    if (s->flags & RST)
        return;
    uint32_t end = s->seq + (uint32_t)s->len + !!(s->flags & SYN) + !!(s->flags & FIN);
    if (s->flags & ACK)
        transmit(s->host, s->to, s->from, s->ack, 0, RST, 0, NULL, 0);
    else
        transmit(s->host, s->to, s->from, 0, end, RST | ACK, 0, NULL, 0);
}

/* ---- connections ---- */

static void enter(struct connection *c, enum state state)
{
    c->state = state;
    c->deadline = V1_NEVER;
    if (state == TIME_WAIT)
        c->deadline = v1_now() + 2 * MSL;
    if (state == FIN_WAIT_2 && c->released)
        c->deadline = v1_now() + FIN_WAIT_2_MOST;
    v1_changed(c->local, c->remote, STATES[state]);
}

static struct listener *listener_at(uint16_t port)
{
    struct listener *l = listeners;
    while (l && l->port != port)
        l = l->next;
    return l;
}

static void end(struct connection *c, v1_result error)
{
    /* A listener goes on (3.10.7.4). */
    bool back = c->state == SYN_RECEIVED && listener_at(c->local);
    c->error = error;
    c->state = CLOSED;
    c->deadline = V1_NEVER;
    c->released = c->released || !*c->h;
    v1_changed(c->local, c->remote, STATES[back ? LISTEN : CLOSED]);
}

/* Frees what nobody can ask for any more. */
static void sweep(void)
{
    for (struct connection **at = &connections; *at;) {
        struct connection *c = *at;
        if (c->state == CLOSED && c->released) {
            *at = c->next;
            free(c);
        } else {
            at = &c->next;
        }
    }
}

/* Sends what may go now: text within the window, and the FIN behind it. */
static void output(struct connection *c)
{
    if (c->state == SYN_RECEIVED || c->state >= CLOSED || c->snd_nxt != c->snd_una)
        return;
    bool fin = c->close_asked && c->state != FIN_WAIT_2 && c->state != TIME_WAIT;
    if (!c->out_len && !fin)
        return;
    size_t len = least(least(c->out_len, c->mss), c->snd_wnd);
    bool silly = len < c->mss && len < c->out_len && len < c->most_wnd / 2; /* 3.8.6.2.1 */
    if (!c->snd_wnd || silly) { /* it is probed (3.8.6.1) */
        if (c->deadline == V1_NEVER)
            c->deadline = v1_now() + c->rto;
        return;
    }
    begin_flight(c, len, fin && len == c->out_len && len < c->snd_wnd);
}

static void on_timeout(struct connection *c)
{
    c->deadline = V1_NEVER;
    if (c->state == TIME_WAIT || c->state == FIN_WAIT_2) {
        end(c, NULL);
    } else if (c->snd_nxt == c->snd_una) {
        size_t len = least(c->out_len, c->snd_wnd ? c->snd_wnd : 1);
        c->probe = !c->snd_wnd;
        begin_flight(c, least(len, c->mss), !c->out_len);
    } else if (v1_now() - c->first_sent >= (c->state == SYN_RECEIVED ? R2_SYN : R2_TEXT)) {
        end(c, V1_TIMEOUT);
    } else {
        c->repeated = true;
        c->rto = c->rto * 2 < RTO_MOST ? c->rto * 2 : RTO_MOST;
        send_flight(c);
    }
}

/* The retransmission timeout by a round trip (RFC 6298 section 2). */
static void measure(struct connection *c)
{
    if (c->repeated)
        return; /* nobody knows which of them was acknowledged */
    uint64_t r = v1_now() - c->sent;
    if (!c->srtt && !c->rttvar) {
        c->srtt = r;
        c->rttvar = r / 2;
    } else {
        uint64_t off = c->srtt > r ? c->srtt - r : r - c->srtt;
        c->rttvar = (3 * c->rttvar + off) / 4;
        c->srtt = (7 * c->srtt + r) / 8;
    }
    c->rto = c->srtt + 4 * c->rttvar;
    if (c->rto < RTO_LEAST)
        c->rto = RTO_LEAST;
}

/* ---- what arrives: the steps of 3.10.7.4, in their order ---- */

static void on_syn_to_listener(struct listener *l, const struct segment *s)
{
    unsigned waiting = 0;
    if (s->flags & RST)
        return;
    if (s->flags & ACK) {
        refuse(s);
        return;
    }
    for (struct connection *c = connections; c; c = c->next)
        waiting += c->local == l->port && !*c->h && c->state < CLOSED;
    /* One more than the backlog may wait, as with listen() elsewhere. */
    if (!(s->flags & SYN) || waiting > l->backlog)
        return;
    struct connection *c = calloc(1, sizeof *c), **last = &connections;
    if (!c)
        return;
    while (*last)
        last = &(*last)->next;
    *last = c;
    memcpy(c->host, s->host, 4);
    c->local = s->to;
    c->remote = s->from;
    c->iss = world.has_iss ? world.iss : initial_number(s->to, s->from);
    world.has_iss = false;
    c->snd_una = c->iss;
    c->snd_wnd = c->most_wnd = s->window;
    c->snd_wl1 = s->seq;
    c->rcv_nxt = c->rcv_edge = s->seq + 1;
    c->mss = 536;
    for (size_t i = 0; i < s->options_len && s->options[i];) {
        size_t left = s->options_len - i;
        size_t len = s->options[i] == 1 ? 1 : left < 2 ? 0 : s->options[i + 1];
        if (len == 0 || len > left || (len < 2 && s->options[i] != 1))
            break;
        if (s->options[i] == 2 && len == 4)
            c->mss = get16(s->options + i + 2);
        i += len;
    }
    c->mss = (uint32_t)least(c->mss ? c->mss : 536, world.mtu - 40);
    c->rto = RTO_LEAST;
    enter(c, SYN_RECEIVED);
    begin_flight(c, 0, false);
}

/* First: is it where it should be? What is old or beyond the window is not. */
static bool is_acceptable(const struct connection *c, const struct segment *s)
{
    uint32_t len = (uint32_t)s->len + !!(s->flags & SYN) + !!(s->flags & FIN);
    int32_t window = distance(c->rcv_edge, c->rcv_nxt);
    int32_t first = distance(s->seq, c->rcv_nxt), last = first + (int32_t)len - 1;
    if (window == 0)
        return first == 0 && len == 0;
    return (first >= 0 && first < window) || (len && last >= 0 && last < window);
}

/* Fifth: the ACK field. Whether the segment is to be looked at any further. */
static bool take_ack(struct connection *c, const struct segment *s)
{
    int32_t acked = distance(s->ack, c->snd_una);
    if (c->state == SYN_RECEIVED) {
        if (acked <= 0 || distance(s->ack, c->snd_nxt) > 0) {
            refuse(s);
            return false;
        }
        measure(c);
        c->snd_una = s->ack;
        enter(c, ESTABLISHED);
        acked = 0;
    } else if (distance(s->ack, c->snd_nxt) > 0) {
        acknowledge(c);
        return false;
    }
    if (acked > 0) {
        size_t text = least((size_t)acked, c->flight);
        bool fin = c->fin_sent && s->ack == c->snd_nxt;
        measure(c);
        memmove(c->out, c->out + text, c->out_len -= text);
        c->flight -= text;
        c->snd_una = s->ack;
        c->probe = false;
        c->first_sent = v1_now();
        c->deadline = c->snd_una == c->snd_nxt ? V1_NEVER : v1_now() + c->rto;
        if (fin && c->state == FIN_WAIT_1)
            enter(c, FIN_WAIT_2);
        else if (fin && c->state == CLOSING)
            enter(c, TIME_WAIT);
        else if (fin && c->state == LAST_ACK)
            end(c, NULL);
    }
    if (acked >= 0 && (distance(s->seq, c->snd_wl1) > 0 ||
                       (s->seq == c->snd_wl1 && distance(s->ack, c->snd_wl2) >= 0))) {
        c->snd_wnd = s->window;
        c->most_wnd = c->snd_wnd > c->most_wnd ? c->snd_wnd : c->most_wnd;
        c->snd_wl1 = s->seq;
        c->snd_wl2 = s->ack;
    }
    if (c->probe) { /* whoever answers probes is alive */
        c->first_sent = v1_now();
        if (c->snd_wnd) {
            c->snd_nxt = c->snd_una;
            c->probe = c->fin_sent = false;
            c->deadline = V1_NEVER;
        }
    }
    return c->state != CLOSED;
}

/* Seventh: text, if it continues what came before. What of it is new. */
static size_t take_text(struct connection *c, const struct segment *s)
{
    int32_t old = distance(c->rcv_nxt, s->seq);
    if (old < 0 || (size_t)old >= s->len || c->fin_received)
        return 0;
    size_t len = least(s->len - (size_t)old, c->rcv_edge - c->rcv_nxt);
    if (!c->released) {
        memcpy(c->in + c->in_len, s->text + old, len);
        c->in_len += len;
    }
    c->rcv_nxt += (uint32_t)len;
    return len;
}

/* Eighth: the FIN, if everything before it is there. */
static bool take_fin(struct connection *c, const struct segment *s)
{
    if (!(s->flags & FIN) || c->fin_received || s->seq + (uint32_t)s->len != c->rcv_nxt)
        return false;
    c->fin_received = true;
    c->rcv_nxt++;
    c->rcv_edge += c->rcv_edge + 1 == c->rcv_nxt;
    uint64_t deadline = c->deadline;
    if (c->state == FIN_WAIT_2) {
        enter(c, TIME_WAIT);
        return true;
    }
    enter(c, c->state == ESTABLISHED ? CLOSE_WAIT : CLOSING);
    c->deadline = deadline; /* what is under way still is */
    return true;
}

static void on_segment(struct connection *c, const struct segment *s)
{
    bool acceptable = is_acceptable(c, s);
    if (!acceptable && (s->flags & RST))
        return;
    if (!acceptable) {
        acknowledge(c);
        if (c->state == TIME_WAIT && (s->flags & FIN))
            c->deadline = v1_now() + 2 * MSL;
        /* A closed window keeps text out, and no acknowledgment. */
        if (s->seq == c->rcv_nxt && (s->flags & (ACK | SYN)) == ACK && take_ack(c, s))
            output(c);
    } else if (s->flags & RST) {
        if (s->seq == c->rcv_nxt)
            end(c, c->state == TIME_WAIT ? NULL : V1_RESET);
        else
            acknowledge(c);
    } else if (s->flags & SYN) {
        if (c->state == SYN_RECEIVED && distance(s->seq, c->rcv_nxt) >= 0)
            end(c, V1_RESET);
        else
            acknowledge(c);
    } else if (s->flags & ACK && take_ack(c, s)) {
        take_text(c, s);
        take_fin(c, s);
        uint32_t before = c->snd_nxt;
        output(c);
        if ((s->len || s->flags & FIN) && c->snd_nxt == before)
            acknowledge(c);
    }
}

static bool read_segment(const uint8_t *packet, size_t len, struct segment *s)
{
    size_t ip = len ? (packet[0] & 15u) * 4 : 0;
    if (ip < 20 || len < ip + 20 || packet[0] >> 4 != 4 || packet[9] != 6)
        return false;
    size_t total = get16(packet + 2);
    const uint8_t *tcp = packet + ip;
    size_t header = (tcp[12] >> 4) * 4u;
    if (total > len || total < ip + 20 || header < 20 || ip + header > total)
        return false;
    if ((get16(packet + 6) & 0x3fff) || sum(0, packet, ip) != 0xffff ||
        tcp_sum(packet + 12, tcp, total - ip) != 0xffff)
        return false; /* a fragment, or damaged */
    if (memcmp(packet + 16, own, 4) || !memcmp(packet + 12, own, 4) || !packet[12] ||
        packet[12] >= 224)
        return false; /* for others, or from nobody */
    *s = (struct segment){
        .host = packet + 12, .from = (uint16_t)get16(tcp), .to = (uint16_t)get16(tcp + 2),
        .seq = get32(tcp + 4), .ack = get32(tcp + 8), .flags = tcp[13] & 31,
        .window = (uint16_t)get16(tcp + 14), .options = tcp + 20, .options_len = header - 20,
        .text = tcp + header, .len = total - ip - header,
    };
    return true;
}

static void toy_packet(const uint8_t *packet, size_t len)
{
    struct segment s;
    if (!read_segment(packet, len, &s))
        return;
    struct connection *c = connections;
    while (c && (c->state == CLOSED || c->local != s.to || c->remote != s.from ||
                 memcmp(c->host, s.host, 4)))
        c = c->next;
    struct listener *l = listener_at(s.to);
    if (c)
        on_segment(c, &s);
    else if (l)
        on_syn_to_listener(l, &s);
    else
        refuse(&s);
    sweep();
}

/* ---- time ---- */

static uint64_t toy_deadline(void)
{
    uint64_t next = V1_NEVER;
    for (struct connection *c = connections; c; c = c->next)
        next = c->deadline < next ? c->deadline : next;
    return next;
}

static void toy_timer(void)
{
    for (struct connection *c = connections; c; c = c->next)
        if (c->deadline <= v1_now())
            on_timeout(c);
    sweep();
}

/* ---- the application's calls ---- */

static struct connection *named(const char *h)
{
    struct connection *c = connections;
    while (c && (c->released || strcmp(c->h, h)))
        c = c->next;
    return c;
}

static void toy_open(const struct v1_world *opened)
{
    unsigned a[4] = {0};
    world = *opened;
    sscanf(world.address, "%u.%u.%u.%u", &a[0], &a[1], &a[2], &a[3]);
    for (int i = 0; i < 4; i++)
        own[i] = (uint8_t)a[i];
    for (struct connection *c; (c = connections); free(c))
        connections = c->next;
    for (struct listener *l; (l = listeners); free(l))
        listeners = l->next;
}

static v1_result toy_listen(const char *h, uint16_t port, unsigned backlog)
{
    struct listener *l = listener_at(port) ? NULL : calloc(1, sizeof *l);
    if (!l)
        return V1_INUSE;
    *l = (struct listener){.next = listeners, .port = port, .backlog = backlog};
    snprintf(l->h, sizeof l->h, "%s", h);
    listeners = l;
    return V1_DONE;
}

static v1_result toy_accept(const char *h, const char *as)
{
    struct listener *l = listeners;
    while (l && strcmp(l->h, h))
        l = l->next;
    for (struct connection *c = connections; l && c; c = c->next) {
        if (c->local == l->port && !*c->h && !c->released && c->state > SYN_RECEIVED) {
            snprintf(c->h, sizeof c->h, "%s", as);
            return V1_DONE;
        }
    }
    return l ? V1_AGAIN : V1_CLOSED;
}

static v1_result toy_send(const char *h, const uint8_t *data, size_t len, size_t *taken)
{
    struct connection *c = named(h);
    if (!c || c->error || c->close_asked)
        return c && c->error ? c->error : V1_CLOSED;
    *taken = least(len, OUT_ROOM - c->out_len);
    if (len && !*taken)
        return V1_AGAIN;
    memcpy(c->out + c->out_len, data, *taken);
    c->out_len += *taken;
    output(c);
    return V1_DONE;
}

static v1_result toy_recv(const char *h, uint8_t *data, size_t max, size_t *given)
{
    struct connection *c = named(h);
    if (!c)
        return V1_CLOSED;
    *given = least(max, c->in_len);
    if (!*given)
        return c->error ? c->error : c->fin_received ? V1_EOF : V1_AGAIN;
    memcpy(data, c->in, *given);
    memmove(c->in, c->in + *given, c->in_len -= *given);
    uint32_t edge = c->rcv_edge;
    window_of(c);
    if (c->rcv_edge != edge && c->state < CLOSED && !c->fin_received)
        acknowledge(c);
    return V1_DONE;
}

/* CLOSE as 3.10.4 means it. */
static void close_sending(struct connection *c)
{
    if (c->close_asked)
        return;
    c->close_asked = true;
    uint64_t deadline = c->deadline;
    if (c->state == ESTABLISHED)
        enter(c, FIN_WAIT_1);
    else if (c->state == CLOSE_WAIT)
        enter(c, LAST_ACK);
    c->deadline = deadline;
    output(c);
}

static v1_result toy_shutdown(const char *h)
{
    struct connection *c = named(h);
    if (!c || c->error)
        return c ? c->error : V1_CLOSED;
    close_sending(c);
    return V1_DONE;
}

/* Resets a connection that its application has not closed (3.10.5). */
static void reset(struct connection *c)
{
    if (c->state <= FIN_WAIT_2 || c->state == CLOSE_WAIT)
        say(c, c->snd_nxt, RST | ACK, NULL, 0);
    if (c->state != CLOSED)
        end(c, NULL);
    c->released = true;
}

/* Whoever waits at a listener that goes is let down. */
static bool close_listener(const char *h)
{
    for (struct listener **at = &listeners; *at; at = &(*at)->next) {
        struct listener *l = *at;
        if (strcmp(l->h, h))
            continue;
        *at = l->next;
        for (struct connection *c = connections; c; c = c->next)
            if (c->local == l->port && !*c->h && !c->released)
                reset(c);
        free(l);
        return true;
    }
    return false;
}

static v1_result toy_close(const char *h)
{
    struct connection *c = named(h);
    if (c) {
        close_sending(c);
        c->released = true;
        c->in_len = 0;
        if (c->state == FIN_WAIT_2)
            c->deadline = v1_now() + FIN_WAIT_2_MOST;
    }
    bool known = c || close_listener(h);
    sweep();
    return known ? V1_DONE : V1_CLOSED;
}

static v1_result toy_abort(const char *h)
{
    struct connection *c = named(h);
    if (c)
        reset(c);
    bool known = c || close_listener(h);
    sweep();
    return known ? V1_DONE : V1_CLOSED;
}

static const struct v1_stack toy = {
    .name = "toy",
    .version = "1",
    .caps = "ipv4 passive-open data app-close shutdown abort state state-log isn "
            "rfc5961-rst rfc5961-syn virtual-time",
    .profile = "\"msl\":30000000000,\"rto_min\":1000000000,\"rto_max\":60000000000",
    .open = toy_open,
    .listen = toy_listen,
    .accept = toy_accept,
    .send = toy_send,
    .recv = toy_recv,
    .shutdown = toy_shutdown,
    .close = toy_close,
    .abort = toy_abort,
    .packet = toy_packet,
    .deadline = toy_deadline,
    .timer = toy_timer,
};

int main(void)
{
    return v1_serve(&toy);
}
