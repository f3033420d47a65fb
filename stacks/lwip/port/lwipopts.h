/* How lwIP is built here: what a host on a link of 1500 octets would choose, in
 * one thread and without an operating system. Whatever is not named is as lwIP
 * has it. */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

/* One thread, callbacks, no sockets. */
#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_SOCKET 0
#define LWIP_NETCONN 0

/* Memory from malloc, piece by piece, so that a sanitizer sees each piece and
 * no trial ends because a pool is empty. */
#define MEM_LIBC_MALLOC 1
#define MEMP_MEM_MALLOC 1
#define MEM_ALIGNMENT 8

/* IP over a link that carries IP packets and nothing else. */
#define LWIP_IPV4 1
#define LWIP_IPV6 1
#define LWIP_ARP 0
#define LWIP_ETHERNET 0
#define LWIP_UDP 0
#define LWIP_RAW 0
#define LWIP_ICMP 1
#define LWIP_ICMP6 1
#define IP_REASS_MAX_PBUFS 128
#define IPV6_FRAG_COPYHEADER 1 /* pointers are wider than the field they are kept in */

/* The address is given, and no packet leaves that nobody asked for. */
#define LWIP_IPV6_MLD 0
#define LWIP_IPV6_AUTOCONFIG 0
#define LWIP_IPV6_SEND_ROUTER_SOLICIT 0
#define LWIP_IPV6_DUP_DETECT_ATTEMPTS 0

/* TCP with everything that it has. */
#define LWIP_TCP 1
#define TCP_MSS 1460
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 2
#define TCP_WND (128 * 1024)
#define TCP_SND_BUF (64 * 1024 - 1)
#define LWIP_TCP_TIMESTAMPS 1
#define LWIP_TCP_SACK_OUT 1
#define LWIP_TCP_KEEPALIVE 1
#define TCP_LISTEN_BACKLOG 1
#define SO_REUSE 1

/* A record of our own hangs on each connection of lwIP's. */
#define LWIP_TCP_PCB_NUM_EXT_ARGS 1

/* The first number of the first connection can be told. */
#define LWIP_HOOK_FILENAME "hooks.h"

#define LWIP_STATS 0

#endif
