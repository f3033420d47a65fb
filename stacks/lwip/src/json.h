/* A reader of the small JSON of line protocol v1. It looks at values where they
 * stand in the line and copies nothing; what it does not know it steps over.
 *
 * Left out: fractions and exponents, which the protocol does not have, and
 * escapes in strings, which are kept as they stand. */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A value as it stands in its line; `len` is 0 where there is none. */
struct json {
    const char *at;
    size_t len;
};

/* The one value that `text` is; none where it is not JSON. */
struct json json_parse(const char *text, size_t len);

/* The member of that name; none where `object` has no such member. */
struct json json_get(struct json object, const char *name);

bool json_is_object(struct json value);
bool json_is(struct json value, const char *string);

/* What the string holds; none where the value is no string. */
struct json json_string(struct json value);

/* Each gives false where the value is of another kind, or too large. */
bool json_number(struct json value, uint64_t *number);
bool json_bool(struct json value, bool *truth);

#endif
