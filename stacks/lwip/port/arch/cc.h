/* What lwIP asks of a compiler and a platform. stdout belongs to the protocol,
 * so that lwIP's own words go to stderr; a failed assertion is its death. */
#ifndef ARCH_CC_H
#define ARCH_CC_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

uint32_t drawn_number(void);

#define LWIP_RAND() drawn_number()
#define LWIP_PLATFORM_DIAG(x) do { eprintf x; } while (0)
#define LWIP_PLATFORM_ASSERT(x)                                                \
    do {                                                                       \
        fprintf(stderr, "lwIP asserts: %s (%s:%d)\n", x, __FILE__, __LINE__);  \
        abort();                                                               \
    } while (0)
#define eprintf(...) fprintf(stderr, __VA_ARGS__)

#endif
