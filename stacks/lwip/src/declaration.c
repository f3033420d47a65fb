#include "declaration.h"

#include <inttypes.h>
#include <stdio.h>

#include "lwip/init.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"

#include "stack.h"

const char CAPABILITIES[] =
    "ipv4 ipv6 "
    "passive-open active-open data app-close shutdown abort "
    "state state-log "
    "rfc5961-rst rfc5961-syn rfc1337 "
    "close-unread-resets half-duplex-close orphan-timeout "
    "isn opt:nagle opt:keepalive opt:ttl opt:ds "
    "ws ts sack fast-retransmit delayed-ack nagle "
    "reassembly queue virtual-time";

/* In ticks: the variance of the round trip comes to rest at three. */
#define RTO_MIN (3 * TCP_SLOW_INTERVAL)
/* It is doubled seven times, be it the first one. */
#define RTO_MAX (LWIP_TCP_RTO_TIME << 7)
/* Twelve repeats, from the five ticks on that one short round trip leaves, as the
 * handshake is. */
#define R2_DATA (5 * TCP_SLOW_INTERVAL * (1 + 2 + 4 + 8 + 16 + 32 + 64 + 5 * 128))
#define PERSIST_MIN (3 * TCP_SLOW_INTERVAL)
#define PERSIST_MAX (120 * TCP_SLOW_INTERVAL)

static const struct {
    const char *name;
    uint64_t ms;
} TIMES[] = {
    {"msl", TCP_MSL},
    {"rto_initial", LWIP_TCP_RTO_TIME},
    {"rto_min", RTO_MIN},
    {"rto_max", RTO_MAX},
    {"ack_delay", TCP_FAST_INTERVAL},
    {"r2_syn", TCP_SYNMAXRTX * LWIP_TCP_RTO_TIME},
    {"r2_syn_ack", TCP_SYN_RCVD_TIMEOUT},
    {"r2_data", R2_DATA},
    {"persist_min", PERSIST_MIN},
    {"persist_max", PERSIST_MAX},
    {"keepalive_idle", TCP_KEEPIDLE_DEFAULT},
    {"keepalive_interval", TCP_KEEPINTVL_DEFAULT},
    {"fin_wait_2", TCP_FIN_WAIT_TIMEOUT},
    /* Its timers count ticks, the first of which began at any time before. */
    {"clock_error", TCP_SLOW_INTERVAL},
};

const char *profile(void)
{
    static char text[1024];
    size_t len = (size_t)snprintf(text, sizeof text, "\"r1\":3,\"keepalive_probes\":%u", TCP_KEEPCNT_DEFAULT);
    for (size_t i = 0; i < sizeof TIMES / sizeof *TIMES; i++) {
        uint64_t time = TIMES[i].ms * NANOS_PER_MS;
        len += (size_t)snprintf(text + len, sizeof text - len, ",\"%s\":%" PRIu64, TIMES[i].name, time);
    }
    return text;
}
