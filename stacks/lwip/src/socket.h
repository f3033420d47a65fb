/* What the adapter knows of each connection and listener: its name, its state, what
 * was received and not read, and why it ended. */
#ifndef SOCKET_H
#define SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "lwip/tcp.h"

/* Octets of a handle, and of an address as text, with its end. */
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
    uint8_t *unread;
    size_t unread_len;
};

/* Before the first of them. */
void sockets_open(void);

/* The oldest; the others follow by `next`. */
struct socket *socket_first(void);
struct socket *socket_new(void);
struct socket *socket_named(const char *name);
void socket_set_name(struct socket *socket, const char *name);

/* Octets that came and were not read; more than a pbuf can count. */
void socket_keep(struct socket *socket, struct pbuf *text);
size_t socket_take(struct socket *socket, uint8_t *octets, size_t max);
void socket_forget_unread(struct socket *socket);

/* Ties a record to a connection that has both its ports, or to a listener. */
void socket_tie(struct socket *socket, struct tcp_pcb *pcb);
void socket_tie_listener(struct socket *socket, struct tcp_pcb *listening);
err_t socket_on_connected(void *arg, struct tcp_pcb *pcb, err_t err);

/* Reports changes of states; it is looked for them in every callback, because
 * between any two there is one. */
void sockets_note(void);

/* Frees the records that neither lwIP nor the application knows any more. */
void sockets_sweep(void);

#endif
