/* What lwIP says of itself, by its options and by the constants of its source. */
#ifndef DECLARATION_H
#define DECLARATION_H

/* Octets of a line that the adapter reads. */
#define LINE_LIMIT (4 << 20)

/* Prints the `hello` of line protocol v1. */
void say_hello(void);

#endif
