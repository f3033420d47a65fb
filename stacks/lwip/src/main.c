/* lwIP behind line protocol v1: the verbs, as `v1.h` has them, become calls of stack.c.
 * This is what a connector for any C stack looks like. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lwip/init.h"

#include "declaration.h"
#include "stack.h"
#include "v1.h"

uint64_t the_time(void)
{
    return v1_now();
}

void on_packet(const uint8_t *octets, size_t len)
{
    v1_transmit(octets, len);
}

void on_state(uint16_t local, uint16_t remote, const char *state)
{
    v1_changed(local, remote, state);
}

static void open_world(const struct v1_world *opened)
{
    struct world world = {
        .prefix = (uint8_t)opened->prefix,
        .mtu = (uint16_t)opened->mtu,
        .seed = opened->seed,
        .has_iss = opened->has_iss,
        .iss = opened->iss,
    };
    if (!ipaddr_aton(opened->address, &world.address) || opened->prefix > 128) {
        fprintf(stderr, "lwip: no world has the address %s/%u\n", opened->address, opened->prefix);
        exit(1);
    }
    stack_open(&world);
}

static v1_result call_listen(const char *h, uint16_t port, unsigned backlog)
{
    return stack_listen(h, port, (uint16_t)backlog);
}

/* To `192.0.2.2:40000` or `[2001:db8::2]:40000`. */
static v1_result call_connect(const char *h, uint16_t port, const char *to)
{
    char text[NAME_SIZE];
    ip_addr_t address;
    snprintf(text, sizeof text, "%s", to);
    char *colon = strrchr(text, ':');
    if (colon == NULL || colon == text) {
        return V1_UNSUPPORTED;
    }
    bool is_bracketed = text[0] == '[' && colon[-1] == ']';
    colon[is_bracketed ? -1 : 0] = '\0';
    if (!ipaddr_aton(text + is_bracketed, &address)) {
        return V1_UNSUPPORTED;
    }
    return stack_connect(h, port, &address, (uint16_t)atoi(colon + 1));
}

/* The value is a number; of `keepalive` and `nagle` it may be true or false. */
static v1_result call_opt(const char *h, const char *name, const char *value)
{
    bool on = strcmp(value, "false") != 0, is_bool = !on || strcmp(value, "true") == 0;
    uint64_t number = strtoull(value, NULL, 10);
    if (strcmp(name, "nagle") == 0 && is_bool) {
        return stack_set_nagle(h, on);
    }
    if (strcmp(name, "keepalive") == 0) {
        uint64_t idle_ms = number / NANOS_PER_MS;
        return stack_set_keepalive(h, on, is_bool ? NULL : &idle_ms);
    }
    if (strcmp(name, "ttl") == 0 && number <= UINT8_MAX) {
        return stack_set_ttl(h, (uint8_t)number);
    }
    if (strcmp(name, "ds") == 0 && number <= 63) {
        return stack_set_ds(h, (uint8_t)number);
    }
    return V1_UNSUPPORTED;
}

int main(void)
{
    const struct v1_stack lwip = {
        .name = "lwip",
        .version = LWIP_VERSION_STRING,
        .caps = CAPABILITIES,
        .profile = profile(),
        .once = true,
        .open = open_world,
        .listen = call_listen,
        .connect = call_connect,
        .accept = stack_accept,
        .send = stack_send,
        .recv = stack_recv,
        .shutdown = stack_shutdown,
        .close = stack_close,
        .abort = stack_abort,
        .opt = call_opt,
        .packet = stack_deliver,
        .deadline = stack_deadline,
        .timer = stack_timer,
    };
    return v1_serve(&lwip);
}
