#include "stack.h"

#include "lwip/ip.h"
#include "lwip/netif.h"
#include "lwip/tcp.h"

#include "socket.h"

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
    return ip4_addr_isany(netif_ip4_addr(netif_default)) ? IPADDR_TYPE_V6 : IPADDR_TYPE_V4;
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
    socket->is_accepted = true;
    socket_set_name(socket, handle);
    socket_tie_listener(socket, listening);
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
    socket_tie(socket, pcb);
    socket->remote = to_port;
    err = tcp_connect(pcb, to, to_port, socket_on_connected);
    if (err != ERR_OK) {
        tcp_abort(pcb);
        sockets_sweep();
        return word_of(err);
    }
    socket_set_name(socket, handle);
    sockets_note();
    return NULL;
}

const char *stack_accept(const char *handle, const char *as)
{
    struct socket *listener = socket_named(handle);
    if (listener == NULL || listener->state != LISTEN) {
        return "closed";
    }
    for (struct socket *socket = socket_first(); socket != NULL; socket = socket->next) {
        if (socket->listener != listener || socket->is_accepted || socket->state == SYN_RCVD || socket->state == LISTEN) {
            continue;
        }
        socket->is_accepted = true;
        socket_set_name(socket, as);
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
    sockets_note();
    sockets_sweep();
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
    *received = socket_take(socket, octets, max < UINT16_MAX ? max : UINT16_MAX);
    if (*received == 0) {
        return socket->has_ended ? "eof" : refused != NULL ? refused : "again";
    }
    if (socket->pcb != NULL) {
        tcp_recved(socket->pcb, (u16_t)*received);
        sockets_note();
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
    sockets_note();
    sockets_sweep();
    return word_of(err);
}

/* lwIP must not call us about it any more. */
static void let_go(struct socket *socket)
{
    socket->name[0] = '\0';
    socket->is_accepted = true;
    socket_forget_unread(socket);
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
    for (struct socket *socket = socket_first(); socket != NULL; socket = socket->next) {
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
    sockets_note();
    sockets_sweep();
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
