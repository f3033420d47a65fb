/* Line protocol v1 on stdin and stdout, for lwIP. The stack is in stack.c, the
 * reader of JSON in json.c; this is what a connector for any C stack looks like.
 *
 * A line comes in, one goes out. Nothing here compares, waits or tries again. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "declaration.h"
#include "json.h"
#include "stack.h"

#define PACKET_LIMIT UINT16_MAX

/* ---- what goes out ---- */

/* Text that grows; there is one of it for each part of a reply. */
struct text {
    char *at;
    size_t len, size;
};

static struct text tx, states, ret;

static void grow(struct text *text, size_t more)
{
    if (text->size - text->len > more) {
        return;
    }
    text->size = 2 * text->size + more + 1;
    text->at = realloc(text->at, text->size);
    if (text->at == NULL) {
        abort();
    }
}

static void put(struct text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    size_t len = (size_t)vsnprintf(NULL, 0, format, arguments);
    grow(text, len);
    vsnprintf(text->at + text->len, len + 1, format, again);
    text->len += len;
    va_end(again);
    va_end(arguments);
}

static void put_hex(struct text *text, const uint8_t *octets, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    grow(text, 2 * len);
    for (size_t i = 0; i < len; i++) {
        text->at[text->len++] = digits[octets[i] >> 4];
        text->at[text->len++] = digits[octets[i] & 15];
    }
    text->at[text->len] = '\0';
}

void on_packet(uint64_t now, const uint8_t *octets, size_t len)
{
    put(&tx, "%s[%llu,\"", tx.len > 0 ? "," : "", (unsigned long long)now);
    put_hex(&tx, octets, len);
    put(&tx, "\"]");
}

void on_state(uint64_t now, uint16_t local, uint16_t remote, const char *state)
{
    put(&states, "%s[%u,%u,\"%s\",%llu]", states.len > 0 ? "," : "", local, remote, state, (unsigned long long)now);
}

static void reply(void)
{
    uint64_t next = stack_deadline();
    printf("{\"now\":%llu,\"next\":", (unsigned long long)stack_now());
    if (next == NEVER) {
        printf("null");
    } else {
        printf("%llu", (unsigned long long)next);
    }
    printf(",\"tx\":[%s]", tx.len > 0 ? tx.at : "");
    if (states.len > 0) {
        printf(",\"states\":[%s]", states.at);
    }
    if (ret.len > 0) {
        printf(",\"ret\":%s", ret.at);
    }
    printf("}\n");
    fflush(stdout);
    tx.len = states.len = ret.len = 0;
}

/* ---- what comes in ---- */

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The octets of a string of hex; false where it is none, or too long. */
static bool octets_of(struct json value, uint8_t *octets, size_t room, size_t *len)
{
    struct json hex = json_string(value);
    *len = hex.len / 2;
    if (hex.at == NULL || hex.len % 2 != 0 || *len > room) {
        return false;
    }
    for (size_t i = 0; i < *len; i++) {
        int high = digit(hex.at[2 * i]), low = digit(hex.at[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        octets[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool text_of(struct json object, const char *name, char *text, size_t size)
{
    struct json value = json_string(json_get(object, name));
    if (value.at == NULL || value.len == 0 || value.len >= size) {
        return false;
    }
    memcpy(text, value.at, value.len);
    text[value.len] = '\0';
    return true;
}

static bool number_of(struct json object, const char *name, uint64_t most, uint64_t *number)
{
    return json_number(json_get(object, name), number) && *number <= most;
}

/* ---- calls ---- */

static void done(const char *refused)
{
    put(&ret, refused == NULL ? "{\"ok\":true}" : "{\"err\":\"%s\"}", refused);
}

/* What every call names, and what is made of it. */
struct call {
    struct json line;
    char handle[NAME_SIZE];
};

static const char UNSUPPORTED[] = "unsupported";

static void call_listen(const struct call *call)
{
    uint64_t port, backlog = 8;
    if (!number_of(call->line, "port", UINT16_MAX, &port)) {
        done(UNSUPPORTED);
        return;
    }
    number_of(call->line, "backlog", UINT16_MAX, &backlog);
    done(stack_listen(call->handle, (uint16_t)port, (uint16_t)backlog));
}

/* `192.0.2.2:40000` or `[2001:db8::2]:40000`. */
static bool endpoint_of(struct json line, ip_addr_t *address, uint64_t *port)
{
    char text[NAME_SIZE];
    if (!text_of(line, "to", text, sizeof text)) {
        return false;
    }
    char *colon = strrchr(text, ':');
    if (colon == NULL || !json_number((struct json){colon + 1, strlen(colon + 1)}, port) || *port > UINT16_MAX) {
        return false;
    }
    bool is_bracketed = text[0] == '[' && colon[-1] == ']';
    colon[is_bracketed ? -1 : 0] = '\0';
    return ipaddr_aton(text + is_bracketed, address);
}

static void call_connect(const struct call *call)
{
    ip_addr_t to;
    uint64_t local, remote;
    if (!number_of(call->line, "port", UINT16_MAX, &local) || !endpoint_of(call->line, &to, &remote)) {
        done(UNSUPPORTED);
        return;
    }
    done(stack_connect(call->handle, (uint16_t)local, &to, (uint16_t)remote));
}

static void call_accept(const struct call *call)
{
    char as[NAME_SIZE];
    done(text_of(call->line, "as", as, sizeof as) ? stack_accept(call->handle, as) : UNSUPPORTED);
}

static void call_send(const struct call *call)
{
    static uint8_t octets[LINE_LIMIT / 2];
    size_t len, sent;
    if (!octets_of(json_get(call->line, "hex"), octets, sizeof octets, &len)) {
        done(UNSUPPORTED);
        return;
    }
    const char *refused = stack_send(call->handle, octets, len, &sent);
    if (refused != NULL) {
        done(refused);
    } else {
        put(&ret, "{\"ok\":%zu}", sent);
    }
}

static void call_recv(const struct call *call)
{
    static uint8_t octets[UINT16_MAX];
    uint64_t max;
    size_t received;
    if (!json_number(json_get(call->line, "max"), &max)) {
        done(UNSUPPORTED);
        return;
    }
    max = max < sizeof octets ? max : sizeof octets;
    const char *refused = stack_recv(call->handle, octets, (size_t)max, &received);
    if (refused != NULL) {
        done(refused);
        return;
    }
    put(&ret, "{\"ok\":\"");
    put_hex(&ret, octets, received);
    put(&ret, "\"}");
}

static void call_opt(const struct call *call)
{
    struct json name = json_get(call->line, "name"), value = json_get(call->line, "value");
    uint64_t number;
    bool on;
    if (json_is(name, "nagle") && json_bool(value, &on)) {
        done(stack_set_nagle(call->handle, on));
    } else if (json_is(name, "keepalive") && json_bool(value, &on)) {
        done(stack_set_keepalive(call->handle, on, NULL));
    } else if (json_is(name, "keepalive") && json_number(value, &number)) {
        number /= NANOS_PER_MS;
        done(stack_set_keepalive(call->handle, true, &number));
    } else if (json_is(name, "ttl") && json_number(value, &number) && number <= UINT8_MAX) {
        done(stack_set_ttl(call->handle, (uint8_t)number));
    } else if (json_is(name, "ds") && json_number(value, &number) && number <= 63) {
        done(stack_set_ds(call->handle, (uint8_t)number));
    } else {
        done(UNSUPPORTED);
    }
}

static const struct {
    const char *verb;
    void (*make)(const struct call *);
    const char *(*make_plain)(const char *handle); /* of a call that names nothing else */
} CALLS[] = {
    {"listen", call_listen, NULL}, {"connect", call_connect, NULL}, {"accept", call_accept, NULL},
    {"send", call_send, NULL},     {"recv", call_recv, NULL},       {"opt", call_opt, NULL},
    {"shutdown", NULL, stack_shutdown}, {"close", NULL, stack_close}, {"abort", NULL, stack_abort},
};

static void make_call(struct json line)
{
    struct call call = {.line = line};
    bool is_named = text_of(line, "h", call.handle, sizeof call.handle);
    for (size_t i = 0; is_named && i < sizeof CALLS / sizeof *CALLS; i++) {
        if (!json_is(json_get(line, "call"), CALLS[i].verb)) {
            continue;
        }
        if (CALLS[i].make != NULL) {
            CALLS[i].make(&call);
        } else {
            done(CALLS[i].make_plain(call.handle));
        }
        return;
    }
    done(UNSUPPORTED);
}

/* ---- the world, packets, time ---- */

static bool is_open; /* which happens once in the life of a process */

static void open_world(struct json open)
{
    struct world world = {0};
    char address[NAME_SIZE];
    uint64_t prefix, mtu = 1500, iss;
    char *slash = text_of(open, "addr", address, sizeof address) ? strchr(address, '/') : NULL;
    bool is_whole = slash != NULL && json_number((struct json){slash + 1, strlen(slash + 1)}, &prefix) && prefix <= 128;
    if (is_whole) {
        *slash = '\0';
        is_whole = ipaddr_aton(address, &world.address);
    }
    if (!is_whole) {
        done(UNSUPPORTED);
        return;
    }
    number_of(open, "mtu", UINT16_MAX, &mtu);
    json_number(json_get(open, "seed"), &world.seed);
    world.has_iss = number_of(open, "iss", UINT32_MAX, &iss);
    world.iss = (uint32_t)iss;
    world.prefix = (uint8_t)prefix;
    world.mtu = (uint16_t)mtu;
    stack_open(&world);
    is_open = true;
}

/* Packets that came and were not looked at yet. */
static struct packet {
    struct packet *next;
    size_t len;
    uint8_t octets[];
} *queued;

static bool queue_packet(struct json value)
{
    static uint8_t octets[PACKET_LIMIT];
    size_t len;
    if (!octets_of(value, octets, sizeof octets, &len)) {
        done(UNSUPPORTED);
        return false;
    }
    struct packet **end = &queued;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = malloc(sizeof **end + len);
    if (*end == NULL) {
        abort();
    }
    (*end)->next = NULL;
    (*end)->len = len;
    memcpy((*end)->octets, octets, len);
    return true;
}

static void deliver_queued(void)
{
    while (queued != NULL) {
        struct packet *packet = queued;
        queued = packet->next;
        stack_deliver(packet->octets, packet->len);
        free(packet);
    }
}

static void run(struct json line)
{
    uint64_t until, deadline;
    struct json stop = json_get(line, "stop");
    bool at_change = json_is(stop, "change"), at_packet = at_change || json_is(stop, "first");
    if (!json_number(json_get(line, "run"), &until)) {
        done(UNSUPPORTED);
        return;
    }
    while ((deadline = stack_deadline()) <= until) {
        stack_advance(deadline);
        if ((at_packet && tx.len > 0) || (at_change && states.len > 0)) {
            return;
        }
    }
    stack_advance(until);
}

static void serve(struct json line)
{
    struct json value;
    bool opens = (value = json_get(line, "open")).len > 0;
    if (opens == is_open) { /* too early, or once too often */
        done(UNSUPPORTED);
    } else if (opens) {
        open_world(value);
    } else if (json_get(line, "call").len > 0) {
        make_call(line);
    } else if ((value = json_get(line, "queue")).len > 0) {
        queue_packet(value);
    } else if ((value = json_get(line, "packet")).len > 0) {
        if (queue_packet(value)) {
            deliver_queued();
        }
    } else if (json_get(line, "run").len > 0) {
        run(line);
    } else {
        done(UNSUPPORTED);
    }
    reply();
}

int main(void)
{
    static char line[LINE_LIMIT + 2];
    say_hello();
    while (fgets(line, sizeof line, stdin) != NULL) {
        size_t len = strlen(line);
        if (len == 0 || line[len - 1] != '\n') {
            fprintf(stderr, "lwip: a line is longer than %d octets, or has no end\n", LINE_LIMIT);
            return 1;
        }
        serve(json_parse(line, len));
    }
    return 0;
}
