#include "stack.h"

#include <stdlib.h>
#include <string.h>

#include "lwip/init.h"
#include "lwip/ip.h"
#include "lwip/netif.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/sys.h"
#include "lwip/tcp.h"
#include "lwip/timeouts.h"

#include "hooks.h"

#define NAME_SIZE 64

/* What hangs on each connection and listener of lwIP's, from its birth on. It
 * outlives them until the application has let go of the name, too. */
struct socket {
    struct socket *next;
    char name[NAME_SIZE]; /* empty: not accepted yet, or let go of */
    struct tcp_pcb *pcb;  /* NULL once lwIP has freed it */
    struct socket *listener;
    uint16_t local, remote;
    enum tcp_state state; /* as it was reported last */
    bool is_accepted;     /* or opened by the application itself */
    bool has_ended;       /* the peer sends no more */
    const char *told;     /* why the connection is gone */
    struct pbuf *unread;
};

static struct netif netif;
static struct socket *sockets; /* the oldest first */
static uint64_t now;
static uint64_t random_state;
static uint32_t next_iss;
static bool has_called; /* the first number was drawn */
static bool is_iss_given;
static u8_t ext_id;

/* ---- what lwIP asks of its port ---- */

u32_t sys_now(void)
{
    return (u32_t)(now / NANOS_PER_MS);
}

/* SplitMix64. */
uint32_t drawn_number(void)
{
    uint64_t mixed = random_state += UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(mixed >> 32);
}

/* The first number is the one that was asked for; from there on they go by the
 * rule that lwIP has where nobody hooks in. */
u32_t initial_number(const ip_addr_t *local_ip, u16_t local_port, const ip_addr_t *remote_ip, u16_t remote_port)
{
    (void)local_ip, (void)local_port, (void)remote_ip, (void)remote_port;
    if (has_called || !is_iss_given) {
        next_iss += tcp_ticks;
    }
    has_called = true;
    return next_iss;
}

/* ---- records ---- */

static struct socket *socket_new(void)
{
    struct socket *socket = calloc(1, sizeof *socket);
    if (socket == NULL) {
        abort();
    }
    struct socket **end = &sockets;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = socket;
    return socket;
}

static struct socket *socket_named(const char *name)
{
    struct socket *socket = sockets;
    while (socket != NULL && strcmp(socket->name, name) != 0) {
        socket = socket->next;
    }
    return socket;
}

static void set_name(struct socket *socket, const char *name)
{
    size_t len = strlen(name);
    memcpy(socket->name, name, len < NAME_SIZE ? len + 1 : NAME_SIZE);
    socket->name[NAME_SIZE - 1] = '\0';
}

static void forget_unread(struct socket *socket)
{
    if (socket->unread != NULL) {
        pbuf_free(socket->unread);
        socket->unread = NULL;
    }
}

/* Frees the records that neither lwIP nor the application knows any more. A
 * connection that broke before it was accepted waits for its listener's user. */
static void sweep(void)
{
    struct socket **at = &sockets;
    while (*at != NULL) {
        struct socket *socket = *at;
        bool waits = !socket->is_accepted && socket->listener != NULL && socket->state != LISTEN;
        if (socket->pcb != NULL || socket->name[0] != '\0' || waits) {
            at = &socket->next;
            continue;
        }
        *at = socket->next;
        forget_unread(socket);
        free(socket);
    }
}

/* ---- states ---- */

static const char *state_name(enum tcp_state state)
{
    static const char *const names[] = {
        [CLOSED] = "CLOSED",         [LISTEN] = "LISTEN",         [SYN_SENT] = "SYN-SENT",
        [SYN_RCVD] = "SYN-RECEIVED", [ESTABLISHED] = "ESTABLISHED", [FIN_WAIT_1] = "FIN-WAIT-1",
        [FIN_WAIT_2] = "FIN-WAIT-2", [CLOSE_WAIT] = "CLOSE-WAIT", [CLOSING] = "CLOSING",
        [LAST_ACK] = "LAST-ACK",     [TIME_WAIT] = "TIME-WAIT",
    };
    return names[state];
}

/* A half-open connection that ends gives its listener back what it had. */
static enum tcp_state state_after(const struct socket *socket, enum tcp_state state)
{
    bool is_listening = socket->listener != NULL && socket->listener->pcb != NULL;
    return state == CLOSED && socket->state == SYN_RCVD && is_listening ? LISTEN : state;
}

static void note(struct socket *socket, enum tcp_state state)
{
    state = state_after(socket, state);
    if (socket->state == state || socket->state == LISTEN) {
        return;
    }
    socket->state = state;
    on_state(now, socket->local, socket->remote, state_name(state));
}

/* Looked at in every callback, between any two changes there is one. */
static void note_all(void)
{
    for (struct socket *socket = sockets; socket != NULL; socket = socket->next) {
        if (socket->pcb != NULL) {
            note(socket, socket->pcb->state);
        }
    }
}

/* ---- callbacks of lwIP's ---- */

static err_t on_output(const struct pbuf *packet)
{
    uint8_t octets[UINT16_MAX];
    note_all();
    on_packet(now, octets, pbuf_copy_partial(packet, octets, packet->tot_len, 0));
    return ERR_OK;
}

static err_t on_output_ip4(struct netif *link, struct pbuf *packet, const ip4_addr_t *to)
{
    (void)link, (void)to;
    return on_output(packet);
}

static err_t on_output_ip6(struct netif *link, struct pbuf *packet, const ip6_addr_t *to)
{
    (void)link, (void)to;
    return on_output(packet);
}

static err_t on_init(struct netif *link)
{
    link->name[0] = 't';
    link->name[1] = 's';
    link->output = on_output_ip4;
    link->output_ip6 = on_output_ip6;
    return ERR_OK;
}

static err_t on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *text, err_t err)
{
    struct socket *socket = arg;
    (void)pcb, (void)err;
    note_all();
    if (text == NULL) {
        socket->has_ended = true;
    } else if (socket->unread == NULL) {
        socket->unread = text;
    } else {
        pbuf_cat(socket->unread, text);
    }
    return ERR_OK;
}

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
    (void)arg, (void)pcb, (void)err;
    note_all();
    return ERR_OK;
}

/* A reset takes with it what was not read. */
static void on_error(void *arg, err_t err)
{
    struct socket *socket = arg;
    switch (err) {
    case ERR_RST:
        socket->told = socket->state == SYN_SENT ? "refused" : "reset";
        forget_unread(socket);
        break;
    case ERR_ABRT:
        socket->told = "timeout";
        break;
    default:
        socket->told = "closed";
    }
}

/* lwIP is about to free the connection, whatever for. */
static void on_destroyed(u8_t id, void *arg)
{
    struct socket *socket = arg;
    (void)id;
    if (socket != NULL) {
        note(socket, CLOSED);
        socket->pcb = NULL;
    }
}

static err_t on_passive_open(u8_t id, struct tcp_pcb_listen *listener, struct tcp_pcb *pcb);

static const struct tcp_ext_arg_callbacks LIFE = {on_destroyed, on_passive_open};

/* Ties a record to a connection that has both its ports. */
static void tie(struct socket *socket, struct tcp_pcb *pcb)
{
    socket->pcb = pcb;
    socket->local = pcb->local_port;
    socket->remote = pcb->remote_port;
    tcp_ext_arg_set_callbacks(pcb, ext_id, &LIFE);
    tcp_ext_arg_set(pcb, ext_id, socket);
    tcp_arg(pcb, socket);
    tcp_recv(pcb, on_recv);
    tcp_err(pcb, on_error);
}

static err_t on_passive_open(u8_t id, struct tcp_pcb_listen *listener, struct tcp_pcb *pcb)
{
    struct socket *socket = socket_new();
    socket->listener = tcp_ext_arg_get((struct tcp_pcb *)listener, id);
    tie(socket, pcb);
    note(socket, SYN_RCVD);
    return ERR_OK;
}

/* It counts as one of the backlog until the application takes it. */
static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
    (void)arg;
    if (err == ERR_OK) {
        note_all();
        tcp_backlog_delayed(pcb);
    }
    return ERR_OK;
}

/* ---- the world ---- */

void stack_open(const struct world *world)
{
    ip4_addr_t any = {0}, mask = {0};
    now = 0;
    random_state = world->seed;
    is_iss_given = world->has_iss;
    next_iss = is_iss_given ? world->iss : drawn_number();
    lwip_init();
    ext_id = tcp_ext_arg_alloc_id();
    netif_add(&netif, &any, &any, &any, NULL, on_init, ip_input);
    netif.mtu = world->mtu;
    netif.mtu6 = world->mtu;
    if (IP_IS_V4(&world->address)) {
        mask.addr = world->prefix == 0 ? 0 : lwip_htonl(UINT32_MAX << (32 - world->prefix));
        netif_set_addr(&netif, ip_2_ip4(&world->address), &mask, &any);
    } else {
        netif_ip6_addr_set(&netif, 0, ip_2_ip6(&world->address));
        netif_ip6_addr_set_state(&netif, 0, IP6_ADDR_PREFERRED);
    }
    netif_set_default(&netif);
    netif_set_link_up(&netif);
    netif_set_up(&netif);
    /* A host that has been up for a tick: in its first one lwIP takes no round
     * trip's time, because a time of zero means none. */
    tcp_tmr();
}

void stack_deliver(const uint8_t *octets, size_t len)
{
    struct pbuf *packet = len <= UINT16_MAX ? pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_POOL) : NULL;
    if (packet == NULL) {
        return;
    }
    pbuf_take(packet, octets, (u16_t)len);
    if (netif.input(packet, &netif) != ERR_OK) {
        pbuf_free(packet);
    }
    note_all();
    sweep();
}

uint64_t stack_now(void)
{
    return now;
}

uint64_t stack_deadline(void)
{
    u32_t left = sys_timeouts_sleeptime();
    return left == SYS_TIMEOUTS_SLEEPTIME_INFINITE ? NEVER : (now / NANOS_PER_MS + left) * NANOS_PER_MS;
}

void stack_advance(uint64_t at)
{
    now = at > now ? at : now;
    sys_check_timeouts();
    note_all();
    sweep();
}

/* ---- calls ---- */

static const char *word_of(err_t err)
{
    switch (err) {
    case ERR_OK:
        return NULL;
    case ERR_MEM:
        return "again";
    case ERR_USE:
        return "inuse";
    case ERR_CONN:
    case ERR_CLSD:
        return "closed";
    case ERR_RTE:
        return "other:no route";
    default:
        return "other:lwIP refuses";
    }
}

/* A new connection that is bound to a port. */
static err_t bound(u8_t type, uint16_t port, struct tcp_pcb **pcb)
{
    *pcb = tcp_new_ip_type(type);
    if (*pcb == NULL) {
        return ERR_MEM;
    }
    /* Two connections may have one port, if not one pair of sockets. */
    ip_set_option(*pcb, SOF_REUSEADDR);
    err_t err = tcp_bind(*pcb, type == IPADDR_TYPE_V6 ? IP6_ADDR_ANY : IP4_ADDR_ANY, port);
    if (err != ERR_OK) {
        tcp_abort(*pcb);
    }
    return err;
}

static u8_t own_type(void)
{
    return ip4_addr_isany(netif_ip4_addr(&netif)) ? IPADDR_TYPE_V6 : IPADDR_TYPE_V4;
}

const char *stack_listen(const char *handle, uint16_t port, uint16_t backlog)
{
    struct tcp_pcb *pcb;
    err_t err = bound(own_type(), port, &pcb);
    if (err != ERR_OK) {
        return word_of(err);
    }
    struct tcp_pcb *listening = tcp_listen_with_backlog_and_err(pcb, backlog < UINT8_MAX ? (u8_t)backlog : UINT8_MAX, &err);
    if (listening == NULL) {
        tcp_abort(pcb);
        return word_of(err);
    }
    struct socket *socket = socket_new();
    socket->pcb = listening;
    socket->state = LISTEN;
    socket->is_accepted = true;
    set_name(socket, handle);
    /* Only now: with the record that the listener is made from lwIP would
     * report the end of ours. */
    tcp_ext_arg_set_callbacks(listening, ext_id, &LIFE);
    tcp_ext_arg_set(listening, ext_id, socket);
    tcp_accept(listening, on_accept);
    return NULL;
}

const char *stack_connect(const char *handle, uint16_t port, const ip_addr_t *to, uint16_t to_port)
{
    struct tcp_pcb *pcb;
    err_t err = bound(IP_GET_TYPE(to), port, &pcb);
    if (err != ERR_OK) {
        return word_of(err);
    }
    struct socket *socket = socket_new();
    socket->is_accepted = true;
    tie(socket, pcb);
    socket->remote = to_port;
    err = tcp_connect(pcb, to, to_port, on_connected);
    if (err != ERR_OK) {
        tcp_abort(pcb);
        sweep();
        return word_of(err);
    }
    set_name(socket, handle);
    note_all();
    return NULL;
}

const char *stack_accept(const char *handle, const char *as)
{
    struct socket *listener = socket_named(handle);
    if (listener == NULL || listener->state != LISTEN) {
        return "closed";
    }
    for (struct socket *socket = sockets; socket != NULL; socket = socket->next) {
        if (socket->listener != listener || socket->is_accepted || socket->state == SYN_RCVD || socket->state == LISTEN) {
            continue;
        }
        socket->is_accepted = true;
        set_name(socket, as);
        if (socket->pcb != NULL) {
            tcp_backlog_accepted(socket->pcb);
        }
        return NULL;
    }
    return "again";
}

/* The connection of that name, or what the application is told instead. */
static const char *connection(const char *handle, struct socket **socket)
{
    *socket = socket_named(handle);
    if (*socket == NULL) {
        return "closed";
    }
    if ((*socket)->state == LISTEN) {
        return "other:a listener is no connection";
    }
    if ((*socket)->pcb != NULL) {
        return NULL;
    }
    return (*socket)->told != NULL ? (*socket)->told : "closed";
}

const char *stack_send(const char *handle, const uint8_t *octets, size_t len, size_t *sent)
{
    struct socket *socket;
    const char *refused = connection(handle, &socket);
    err_t err = ERR_OK;
    *sent = 0;
    while (refused == NULL && err == ERR_OK && *sent < len) {
        size_t room = tcp_sndbuf(socket->pcb);
        size_t part = len - *sent < room ? len - *sent : room;
        if (part == 0) {
            break;
        }
        part = part < UINT16_MAX ? part : UINT16_MAX;
        err = tcp_write(socket->pcb, octets + *sent, (u16_t)part, TCP_WRITE_FLAG_COPY);
        *sent += err == ERR_OK ? part : 0;
    }
    if (refused != NULL || *sent == 0) {
        return refused != NULL ? refused : err != ERR_OK ? word_of(err) : len > 0 ? "again" : NULL;
    }
    tcp_output(socket->pcb);
    note_all();
    sweep();
    return NULL;
}

const char *stack_recv(const char *handle, uint8_t *octets, size_t max, size_t *received)
{
    struct socket *socket;
    const char *refused = connection(handle, &socket);
    *received = 0;
    if (socket == NULL || socket->state == LISTEN) {
        return refused;
    }
    if (socket->unread == NULL) {
        return socket->has_ended ? "eof" : refused != NULL ? refused : "again";
    }
    max = max < UINT16_MAX ? max : UINT16_MAX;
    *received = pbuf_copy_partial(socket->unread, octets, (u16_t)max, 0);
    socket->unread = pbuf_free_header(socket->unread, (u16_t)*received);
    if (socket->pcb != NULL) {
        tcp_recved(socket->pcb, (u16_t)*received);
    }
    return NULL;
}

const char *stack_shutdown(const char *handle)
{
    struct socket *socket;
    const char *refused = connection(handle, &socket);
    if (refused != NULL) {
        return refused;
    }
    /* CLOSE of what is no connection yet deletes it, and that lwIP calls close. */
    err_t err = socket->state == SYN_SENT ? tcp_close(socket->pcb) : tcp_shutdown(socket->pcb, 0, 1);
    note_all();
    sweep();
    return word_of(err);
}

/* lwIP must not call us about it any more. */
static void let_go(struct socket *socket)
{
    socket->name[0] = '\0';
    socket->is_accepted = true;
    forget_unread(socket);
    if (socket->pcb != NULL && socket->state != LISTEN) {
        tcp_recv(socket->pcb, NULL);
        tcp_err(socket->pcb, NULL);
    }
}

/* What was open and never accepted goes with its listener. */
static void close_listener(struct socket *listener)
{
    let_go(listener);
    tcp_close(listener->pcb);
    for (struct socket *socket = sockets; socket != NULL; socket = socket->next) {
        if (socket->listener != listener) {
            continue;
        }
        socket->listener = NULL;
        if (!socket->is_accepted && socket->pcb != NULL && socket->state != SYN_RCVD) {
            let_go(socket);
            tcp_abort(socket->pcb);
        }
    }
}

static const char *end(const char *handle, bool is_abort)
{
    struct socket *socket = socket_named(handle);
    if (socket == NULL) {
        return "closed";
    }
    err_t err = ERR_OK;
    if (socket->state == LISTEN) {
        close_listener(socket);
    } else {
        let_go(socket);
        if (socket->pcb != NULL && is_abort) {
            tcp_abort(socket->pcb);
        } else if (socket->pcb != NULL) {
            err = tcp_close(socket->pcb);
        }
    }
    note_all();
    sweep();
    return word_of(err);
}

const char *stack_close(const char *handle)
{
    return end(handle, false);
}

const char *stack_abort(const char *handle)
{
    return end(handle, true);
}

/* ---- options ---- */

const char *stack_set_nagle(const char *handle, bool on)
{
    struct socket *socket;
    const char *refused = connection(handle, &socket);
    if (refused == NULL && on) {
        tcp_nagle_enable(socket->pcb);
    } else if (refused == NULL) {
        tcp_nagle_disable(socket->pcb);
    }
    return refused;
}

const char *stack_set_keepalive(const char *handle, bool on, const uint64_t *idle_ms)
{
    struct socket *socket;
    const char *refused = connection(handle, &socket);
    if (refused != NULL) {
        return refused;
    }
    if (!on) {
        ip_reset_option(socket->pcb, SOF_KEEPALIVE);
        return NULL;
    }
    ip_set_option(socket->pcb, SOF_KEEPALIVE);
    if (idle_ms != NULL) {
        socket->pcb->keep_idle = *idle_ms < UINT32_MAX ? (u32_t)*idle_ms : UINT32_MAX;
    }
    return NULL;
}

const char *stack_set_ttl(const char *handle, uint8_t ttl)
{
    struct socket *socket = socket_named(handle);
    if (socket == NULL || socket->pcb == NULL) {
        return "closed";
    }
    socket->pcb->ttl = ttl;
    return NULL;
}

const char *stack_set_ds(const char *handle, uint8_t ds)
{
    struct socket *socket = socket_named(handle);
    if (socket == NULL || socket->pcb == NULL) {
        return "closed";
    }
    socket->pcb->tos = (u8_t)(ds << 2);
    return NULL;
}
