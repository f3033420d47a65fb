/* lwIP behind the verbs of line protocol v1, on virtual time. It names sockets,
 * hands packets over one at a time and takes note of states; it adds nothing
 * that lwIP lacks.
 *
 * Every call gives NULL if it was done, or else what the application is told:
 * one of the protocol's words, or `other:` and words of our own. */
#ifndef STACK_H
#define STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lwip/ip_addr.h"

#include "socket.h"

#define NANOS_PER_MS UINT64_C(1000000)

/* There is no deadline. */
#define NEVER UINT64_MAX

/* The world that the stack is opened in. */
struct world {
    ip_addr_t address;
    uint8_t prefix;
    uint16_t mtu;
    uint64_t seed;
    bool has_iss;
    uint32_t iss;
};

/* What the stack asks and reports while it works; the caller of the stack has these. */
uint64_t the_time(void);
void on_packet(const uint8_t *octets, size_t len);
void on_state(uint16_t local, uint16_t remote, const char *state);

void stack_open(const struct world *world);

const char *stack_listen(const char *handle, uint16_t port, uint16_t backlog);
const char *stack_connect(const char *handle, uint16_t port, const ip_addr_t *to, uint16_t to_port);
const char *stack_accept(const char *handle, const char *as);
const char *stack_send(const char *handle, const uint8_t *octets, size_t len, size_t *sent);
const char *stack_recv(const char *handle, uint8_t *octets, size_t max, size_t *received);
const char *stack_shutdown(const char *handle);
const char *stack_close(const char *handle);
const char *stack_abort(const char *handle);

const char *stack_set_nagle(const char *handle, bool on);
const char *stack_set_keepalive(const char *handle, bool on, const uint64_t *idle_ms);
const char *stack_set_ttl(const char *handle, uint8_t ttl);
const char *stack_set_ds(const char *handle, uint8_t ds);

void stack_deliver(const uint8_t *octets, size_t len);

uint64_t stack_deadline(void);

/* Does what is due. */
void stack_timer(void);

#endif
