/* What lwIP says of itself, by its options and by the constants of its source. */
#ifndef DECLARATION_H
#define DECLARATION_H

/* What it can do, with spaces between. */
extern const char CAPABILITIES[];

/* The times that it keeps, in nanoseconds, as JSON. */
const char *profile(void);

#endif
