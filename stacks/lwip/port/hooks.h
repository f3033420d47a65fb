/* Where lwIP asks this port. */
#ifndef HOOKS_H
#define HOOKS_H

#include "lwip/ip_addr.h"

u32_t initial_number(const ip_addr_t *local_ip, u16_t local_port, const ip_addr_t *remote_ip, u16_t remote_port);

#define LWIP_HOOK_TCP_ISN initial_number

#endif
