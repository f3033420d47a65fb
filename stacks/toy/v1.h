/* Line protocol v1 for a stack in C: lines, JSON and hex, in C11 and its library
 * alone. A stack fills in a `struct v1_stack` and gives it to `v1_serve`; it never
 * sees a line. Single-threaded, one stack in a process.
 *
 * Left out: the verbs `urgent`, `report` and `info`, which are refused as unsupported
 * unless you add them to `v1_call`. */
#ifndef V1_H
#define V1_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define V1_LINE 8388608      /* octets of the longest line */
#define V1_PACKET 65535      /* octets of the longest packet, and of one `recv` */
#define V1_NEVER UINT64_MAX  /* no deadline */

/* What a verb gives: NULL if it was done, or why not. */
typedef const char *v1_result;
#define V1_DONE NULL
#define V1_AGAIN "again"             /* nothing to do yet */
#define V1_EOF "eof"                 /* the peer has closed, and all was read */
#define V1_REFUSED "refused"         /* reset while it was being opened */
#define V1_RESET "reset"             /* reset later */
#define V1_TIMEOUT "timeout"         /* given up */
#define V1_CLOSED "closed"           /* no such connection, or closed by its user */
#define V1_INUSE "inuse"             /* the port is taken */
#define V1_UNSUPPORTED "unsupported" /* there is no such verb */

/* The world that a stack is opened in. Addresses are text: "192.0.2.1". */
struct v1_world {
    char address[48], peer[48];
    unsigned prefix, mtu;
    bool has_iss; /* only of stacks that declare `isn` */
    uint32_t iss;
    uint64_t seed;
};

/* A stack: what it says of itself, and its verbs. `h` names a listener or a
 * connection. No verb waits, and none moves time. */
struct v1_stack {
    const char *name, *version;
    const char *caps;    /* capabilities, with spaces between */
    const char *profile; /* times in nanoseconds, as JSON: "\"msl\":30000000000" */
    bool once;           /* it cannot be opened again */

    void (*open)(const struct v1_world *world); /* forget everything; it is time 0 */
    v1_result (*listen)(const char *h, uint16_t port, unsigned backlog);
    v1_result (*connect)(const char *h, uint16_t port, const char *to);
    v1_result (*accept)(const char *h, const char *as);
    v1_result (*send)(const char *h, const uint8_t *data, size_t len, size_t *taken);
    v1_result (*recv)(const char *h, uint8_t *data, size_t max, size_t *given);
    v1_result (*shutdown)(const char *h);
    v1_result (*close)(const char *h);
    v1_result (*abort)(const char *h);
    v1_result (*opt)(const char *h, const char *name, const char *value); /* "true", "7" */
    void (*packet)(const uint8_t *packet, size_t len); /* one has arrived */
    uint64_t (*deadline)(void); /* when there is something to do without input */
    void (*timer)(void);        /* do what is due at `v1_now()` */
};

/* What a stack says meanwhile: kept as text until the reply. */
struct v1_text {
    char *text;
    size_t len, room;
};
static struct v1_text v1_packets, v1_states;
static struct v1_text v1_kept; /* packets to look at: the length of each, its octets */
static uint64_t v1_time;
static unsigned v1_packet_count;

static void v1_add(struct v1_text *to, const char *text, size_t len)
{
    if (to->len + len + 1 > to->room) {
        to->room = 2 * (to->len + len + 1);
        to->text = realloc(to->text, to->room);
        if (!to->text)
            abort();
    }
    memcpy(to->text + to->len, text, len);
    to->len += len;
    to->text[to->len] = 0;
}

/* The time, in nanoseconds since the stack was opened. */
static inline uint64_t v1_now(void)
{
    return v1_time;
}

/* Emits a packet, from its IP header on. */
static inline void v1_transmit(const uint8_t *packet, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    char text[48];
    int n = snprintf(text, sizeof text, "%s[%" PRIu64 ",\"", v1_packets.len ? "," : "", v1_time);
    v1_add(&v1_packets, text, (size_t)n);
    for (size_t i = 0; i < len; i++) {
        char pair[2] = {digits[packet[i] >> 4], digits[packet[i] & 15]};
        v1_add(&v1_packets, pair, 2);
    }
    v1_add(&v1_packets, "\"]", 2);
    v1_packet_count++;
}

/* A connection, by its two ports, is in another state from now on. Only of stacks
 * that declare `state` and `state-log`. */
static inline void v1_changed(uint16_t local, uint16_t remote, const char *state)
{
    char text[96];
    int n = snprintf(text, sizeof text, "%s[%u,%u,\"%s\",%" PRIu64 "]", v1_states.len ? "," : "",
                     (unsigned)local, (unsigned)remote, state, v1_time);
    v1_add(&v1_states, text, (size_t)n);
}

/* Skips the string that begins at this quote. */
static const char *v1_after_string(const char *at)
{
    for (at++; *at && *at != '"'; at++)
        if (*at == '\\' && at[1])
            at++;
    return *at ? at + 1 : at;
}

/* Skips a value, whatever it is. */
static const char *v1_after_value(const char *at)
{
    unsigned depth = 0;
    for (; *at; at++) {
        if (!depth && strchr(",}]", *at))
            return at;
        if (*at == '"')
            at = v1_after_string(at) - 1;
        else if (strchr("{[", *at))
            depth++;
        else if (strchr("}]", *at))
            depth--;
    }
    return at;
}

/* Where the value of a field of this object begins; NULL if there is none. */
static const char *v1_field(const char *object, const char *name)
{
    size_t len = strlen(name);
    const char *at = object;
    while (at && *at && (at = strchr(at, '"'))) {
        const char *key = at + 1;
        at = v1_after_string(at);
        bool found = (size_t)(at - key) == len + 1 && !strncmp(key, name, len);
        while (*at && strchr(": \t", *at))
            at++;
        if (found)
            return at;
        at = v1_after_value(at);
        if (*at == '}')
            return NULL;
    }
    return NULL;
}

static uint64_t v1_number(const char *object, const char *name)
{
    const char *at = v1_field(object, name);
    return at ? strtoull(at, NULL, 10) : 0;
}

/* A string without escapes, cut to its room; empty if there is none. */
static void v1_string(const char *object, const char *name, char *out, size_t room)
{
    const char *at = v1_field(object, name);
    size_t len = 0;
    if (at && *at == '"')
        for (at++; *at && *at != '"' && len + 1 < room; at++)
            out[len++] = *at;
    out[len] = 0;
}

static int v1_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Octets in hex; how many. */
static size_t v1_hex(const char *object, const char *name, uint8_t *out, size_t room)
{
    const char *at = v1_field(object, name);
    size_t len = 0;
    for (at = at ? at + 1 : ""; len < room && v1_digit(at[0]) >= 0 && v1_digit(at[1]) >= 0; at += 2)
        out[len++] = (uint8_t)(v1_digit(at[0]) << 4 | v1_digit(at[1]));
    return len;
}

static void v1_open(const struct v1_stack *stack, const char *object)
{
    struct v1_world world = {.mtu = (unsigned)v1_number(object, "mtu")};
    v1_string(object, "addr", world.address, sizeof world.address);
    size_t slash = strcspn(world.address, "/");
    world.prefix = world.address[slash] ? (unsigned)atoi(world.address + slash + 1) : 0;
    world.address[slash] = 0;
    v1_string(object, "peer", world.peer, sizeof world.peer);
    world.has_iss = v1_field(object, "iss") != NULL;
    world.iss = (uint32_t)v1_number(object, "iss");
    world.seed = v1_number(object, "seed");
    v1_time = v1_kept.len = 0;
    if (stack->open)
        stack->open(&world);
}

static void v1_keep(const char *line, const char *field)
{
    static uint8_t packet[V1_PACKET];
    size_t len = v1_hex(line, field, packet, sizeof packet);
    v1_add(&v1_kept, (const char *)&len, sizeof len);
    v1_add(&v1_kept, (const char *)packet, len);
}

static void v1_deliver(const struct v1_stack *stack)
{
    for (size_t at = 0, len; at < v1_kept.len; at += sizeof len + len) {
        memcpy(&len, v1_kept.text + at, sizeof len);
        if (stack->packet)
            stack->packet((const uint8_t *)v1_kept.text + at + sizeof len, len);
    }
    v1_kept.len = 0;
}

/* Time goes from deadline to deadline, until `until` or until a packet leaves. */
static void v1_run(const struct v1_stack *stack, const char *line)
{
    uint64_t until = v1_number(line, "run"), at;
    char stop[8];
    v1_string(line, "stop", stop, sizeof stop);
    bool to_end = !strcmp(stop, "end"), to_change = !strcmp(stop, "change");
    while ((at = stack->deadline ? stack->deadline() : V1_NEVER) <= until && stack->timer) {
        v1_time = at > v1_time ? at : v1_time;
        stack->timer();
        if (!to_end && (v1_packet_count || (to_change && v1_states.len)))
            return;
        if (at == V1_NEVER)
            break;
    }
    v1_time = until > v1_time ? until : v1_time;
}

/* What a call of the application gives, as text. */
static v1_result v1_call(const struct v1_stack *stack, const char *line, struct v1_text *ok)
{
    static uint8_t data[V1_LINE / 2];
    char verb[16], h[64], to[64];
    size_t len = 0;
    v1_result result = V1_UNSUPPORTED;
    v1_string(line, "call", verb, sizeof verb);
    v1_string(line, "h", h, sizeof h);
    v1_add(ok, "true", 4);
    if (!strcmp(verb, "listen") && stack->listen) {
        uint16_t port = (uint16_t)v1_number(line, "port");
        result = stack->listen(h, port, (unsigned)v1_number(line, "backlog"));
    } else if (!strcmp(verb, "connect") && stack->connect) {
        v1_string(line, "to", to, sizeof to);
        result = stack->connect(h, (uint16_t)v1_number(line, "port"), to);
    } else if (!strcmp(verb, "accept") && stack->accept) {
        v1_string(line, "as", to, sizeof to);
        result = stack->accept(h, to);
    } else if (!strcmp(verb, "send") && stack->send && !v1_field(line, "urgent")) {
        size_t taken = 0;
        len = v1_hex(line, "hex", data, sizeof data);
        result = stack->send(h, data, len, &taken);
        ok->len = 0;
        char text[24];
        v1_add(ok, text, (size_t)snprintf(text, sizeof text, "%zu", taken));
    } else if (!strcmp(verb, "recv") && stack->recv) {
        uint64_t max = v1_number(line, "max");
        result = stack->recv(h, data, max < V1_PACKET ? (size_t)max : V1_PACKET, &len);
        ok->len = 0;
        v1_add(ok, "\"", 1);
        for (size_t i = 0; !result && i < len; i++) {
            char pair[3];
            snprintf(pair, sizeof pair, "%02x", data[i]);
            v1_add(ok, pair, 2);
        }
        v1_add(ok, "\"", 1);
    } else if (!strcmp(verb, "shutdown") && stack->shutdown) {
        result = stack->shutdown(h);
    } else if (!strcmp(verb, "close") && stack->close) {
        result = stack->close(h);
    } else if (!strcmp(verb, "abort") && stack->abort) {
        result = stack->abort(h);
    } else if (!strcmp(verb, "opt") && stack->opt) {
        const char *value = v1_field(line, "value");
        char name[24], text[24];
        v1_string(line, "name", name, sizeof name);
        snprintf(text, sizeof text, "%.*s", value ? (int)strcspn(value, ",}") : 0, value ? value : "");
        result = stack->opt(h, name, text);
    }
    return result;
}

/* One line in, one line out. */
static void v1_answer(const struct v1_stack *stack, const char *line)
{
    static struct v1_text ok;
    static bool is_open;
    v1_result result = V1_UNSUPPORTED;
    v1_packets.len = v1_states.len = ok.len = v1_packet_count = 0;
    bool has_result = false;
    const char *open = v1_field(line, "open");
    if (open ? is_open && stack->once : !is_open) {
        has_result = true; /* once too often, or too early */
    } else if (open) {
        is_open = true;
        v1_open(stack, open);
    } else if (v1_field(line, "queue")) {
        v1_keep(line, "queue");
    } else if (v1_field(line, "packet")) {
        v1_keep(line, "packet");
        v1_deliver(stack);
    } else if (v1_field(line, "run")) {
        v1_run(stack, line);
    } else {
        has_result = true;
        result = v1_call(stack, line, &ok);
    }
    uint64_t next = is_open && stack->deadline ? stack->deadline() : V1_NEVER;
    printf("{\"now\":%" PRIu64 ",\"next\":", v1_time);
    if (next == V1_NEVER)
        printf("null");
    else
        printf("%" PRIu64, next);
    if (v1_packets.len)
        printf(",\"tx\":[%s]", v1_packets.text);
    if (v1_states.len)
        printf(",\"states\":[%s]", v1_states.text);
    if (has_result && result)
        printf(",\"ret\":{\"err\":\"%s\"}", result);
    else if (has_result)
        printf(",\"ret\":{\"ok\":%s}", ok.text);
    printf("}\n");
}

static void v1_hello(const struct v1_stack *stack)
{
    printf("{\"hello\":1,\"name\":\"%s\",\"version\":\"%s\",\"clock\":\"virtual\",\"caps\":[",
           stack->name, stack->version);
    const char *at = stack->caps;
    for (size_t len; *(at += strspn(at, " ")); at += len) {
        len = strcspn(at, " ");
        printf("%s\"%.*s\"", at == stack->caps ? "" : ",", (int)len, at);
    }
    printf("],\"profile\":{%s},\"reopen\":%s,\"limits\":{\"line\":%d}}\n", stack->profile,
           stack->once ? "false" : "true", V1_LINE - 2);
}

/* Says hello, and then does what it is asked until nobody asks any more. */
static int v1_serve(const struct v1_stack *stack)
{
    static char line[V1_LINE];
    for (v1_hello(stack); !fflush(stdout) && fgets(line, sizeof line, stdin);)
        v1_answer(stack, line);
    return 0;
}

#endif
