#include "stack.h"

#include "lwip/init.h"
#include "lwip/ip.h"
#include "lwip/netif.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/sys.h"
#include "lwip/timeouts.h"

#include "hooks.h"
#include "socket.h"

static struct netif netif;
static uint64_t random_state;
static uint32_t next_iss;
static bool has_called; /* the first number was drawn */
static bool is_iss_given;

/* ---- what lwIP asks of its port ---- */

u32_t sys_now(void)
{
    return (u32_t)(the_time() / NANOS_PER_MS);
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

/* ---- the link ---- */

static err_t on_output(const struct pbuf *packet)
{
    uint8_t octets[UINT16_MAX];
    sockets_note();
    on_packet(octets, pbuf_copy_partial(packet, octets, packet->tot_len, 0));
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

/* ---- the world ---- */

void stack_open(const struct world *world)
{
    ip4_addr_t any = {0}, mask = {0};
    random_state = world->seed;
    is_iss_given = world->has_iss;
    next_iss = is_iss_given ? world->iss : drawn_number();
    lwip_init();
    sockets_open();
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
    sockets_note();
    sockets_sweep();
}

uint64_t stack_deadline(void)
{
    u32_t left = sys_timeouts_sleeptime();
    return left == SYS_TIMEOUTS_SLEEPTIME_INFINITE ? NEVER : (the_time() / NANOS_PER_MS + left) * NANOS_PER_MS;
}

void stack_timer(void)
{
    sys_check_timeouts();
    sockets_note();
    sockets_sweep();
}
