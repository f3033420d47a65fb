/* MYSTACK behind line protocol v1 of tcpspec.
 *
 *   cc -std=c11 -O2 -o mystack mystack.c
 *   tcpspec connect check exec:./mystack
 *
 * The protocol comes first and is complete; your part begins at "your stack". */
#include "v1.h"

/* ---- your stack ----
 *
 * `tcpspec connect check` says which verb to write next. Nothing waits, and time
 * moves by itself nowhere: it is `v1_now()`, in nanoseconds. Whatever a call or a
 * packet leads to at once is said before it returns: packets by `v1_transmit`,
 * changes of state by `v1_changed` (if you declare `state` and `state-log`). */

static void my_open(const struct v1_world *world)
{
    (void)world; /* forget all connections and listeners */
}

static v1_result my_listen(const char *h, uint16_t port, unsigned backlog)
{
    (void)h, (void)port, (void)backlog;
    return V1_UNSUPPORTED;
}

static v1_result my_connect(const char *h, uint16_t port, const char *to)
{
    (void)h, (void)port, (void)to;
    return V1_UNSUPPORTED;
}

static v1_result my_accept(const char *h, const char *as)
{
    (void)h, (void)as;
    return V1_UNSUPPORTED;
}

static v1_result my_send(const char *h, const uint8_t *data, size_t len, size_t *taken)
{
    (void)h, (void)data, (void)len, (void)taken;
    return V1_UNSUPPORTED;
}

static v1_result my_recv(const char *h, uint8_t *data, size_t max, size_t *given)
{
    (void)h, (void)data, (void)max, (void)given;
    return V1_UNSUPPORTED;
}

static v1_result my_shutdown(const char *h)
{
    (void)h;
    return V1_UNSUPPORTED;
}

static v1_result my_close(const char *h)
{
    (void)h;
    return V1_UNSUPPORTED;
}

static v1_result my_abort(const char *h)
{
    (void)h;
    return V1_UNSUPPORTED;
}

static void my_packet(const uint8_t *packet, size_t len)
{
    (void)packet, (void)len; /* one has arrived, from its IP header on */
}

static uint64_t my_deadline(void)
{
    return V1_NEVER; /* the earliest of your timers */
}

static void my_timer(void)
{
    /* do what is due at `v1_now()` */
}

static const struct v1_stack mystack = {
    .name = "mystack",
    .version = "0.1",
    /* What works, and no more: passive-open data app-close ... */
    .caps = "ipv4 virtual-time",
    .profile = "",
    .open = my_open,
    .listen = my_listen,
    .connect = my_connect,
    .accept = my_accept,
    .send = my_send,
    .recv = my_recv,
    .shutdown = my_shutdown,
    .close = my_close,
    .abort = my_abort,
    .packet = my_packet,
    .deadline = my_deadline,
    .timer = my_timer,
};

int main(void)
{
    return v1_serve(&mystack);
}
