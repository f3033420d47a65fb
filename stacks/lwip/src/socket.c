#include "socket.h"

#include <stdlib.h>
#include <string.h>

#include "stack.h"

static struct socket *sockets; /* the oldest first */
static u8_t ext_id;

void sockets_open(void)
{
    ext_id = tcp_ext_arg_alloc_id();
}

struct socket *socket_first(void)
{
    return sockets;
}

struct socket *socket_new(void)
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

struct socket *socket_named(const char *name)
{
    struct socket *socket = sockets;
    while (socket != NULL && strcmp(socket->name, name) != 0) {
        socket = socket->next;
    }
    return socket;
}

/* A name that is given again is taken from the one that had it. */
void socket_set_name(struct socket *socket, const char *name)
{
    struct socket *earlier = socket_named(name);
    if (earlier != NULL) {
        earlier->name[0] = '\0';
    }
    size_t len = strlen(name);
    memcpy(socket->name, name, len < NAME_SIZE ? len + 1 : NAME_SIZE);
    socket->name[NAME_SIZE - 1] = '\0';
}

void socket_keep(struct socket *socket, struct pbuf *text)
{
    socket->unread = realloc(socket->unread, socket->unread_len + text->tot_len);
    if (socket->unread == NULL) {
        abort();
    }
    socket->unread_len += pbuf_copy_partial(text, socket->unread + socket->unread_len, text->tot_len, 0);
    pbuf_free(text);
}

size_t socket_take(struct socket *socket, uint8_t *octets, size_t max)
{
    size_t taken = max < socket->unread_len ? max : socket->unread_len;
    if (taken > 0) {
        memcpy(octets, socket->unread, taken);
        socket->unread_len -= taken;
        memmove(socket->unread, socket->unread + taken, socket->unread_len);
    }
    return taken;
}

void socket_forget_unread(struct socket *socket)
{
    free(socket->unread);
    socket->unread = NULL;
    socket->unread_len = 0;
}

/* Frees the records that neither lwIP nor the application knows any more. A
 * connection that broke before it was accepted waits for its listener's user. */
void sockets_sweep(void)
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
        socket_forget_unread(socket);
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
    on_state(socket->local, socket->remote, state_name(state));
}

/* Looked at in every callback, between any two changes there is one. */
void sockets_note(void)
{
    for (struct socket *socket = sockets; socket != NULL; socket = socket->next) {
        if (socket->pcb != NULL) {
            note(socket, socket->pcb->state);
        }
    }
}

/* ---- callbacks of lwIP's ---- */

static err_t on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *text, err_t err)
{
    struct socket *socket = arg;
    (void)pcb, (void)err;
    sockets_note();
    if (text == NULL) {
        socket->has_ended = true;
    } else {
        socket_keep(socket, text);
    }
    return ERR_OK;
}

err_t socket_on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
    (void)arg, (void)pcb, (void)err;
    sockets_note();
    return ERR_OK;
}

/* A reset takes with it what was not read. */
static void on_error(void *arg, err_t err)
{
    struct socket *socket = arg;
    switch (err) {
    case ERR_RST:
        socket->told = socket->state == SYN_SENT ? "refused" : "reset";
        socket_forget_unread(socket);
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
void socket_tie(struct socket *socket, struct tcp_pcb *pcb)
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
    socket_tie(socket, pcb);
    note(socket, SYN_RCVD);
    return ERR_OK;
}

/* It counts as one of the backlog until the application takes it. */
static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
    (void)arg;
    if (err == ERR_OK) {
        sockets_note();
        tcp_backlog_delayed(pcb);
    }
    return ERR_OK;
}

void socket_tie_listener(struct socket *socket, struct tcp_pcb *listening)
{
    socket->pcb = listening;
    socket->state = LISTEN;
    /* Not earlier: of the record that the listener is made from lwIP would
     * report the end. */
    tcp_ext_arg_set_callbacks(listening, ext_id, &LIFE);
    tcp_ext_arg_set(listening, ext_id, socket);
    tcp_accept(listening, on_accept);
}
