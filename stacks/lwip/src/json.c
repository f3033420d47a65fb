#include "json.h"

#include <string.h>

/* More than the protocol nests, and little enough for any stack. */
#define DEEPEST 16

static const struct json NONE = {0};

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n')) {
        at++;
    }
    return at;
}

/* Each `skip` gives the place behind what it skips, or NULL. */
static const char *skip_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++) {
        if (*at == '\\') {
            at++;
        } else if ((unsigned char)*at < ' ') {
            return NULL;
        }
    }
    return at < end ? at + 1 : NULL;
}

static const char *skip_word(const char *at, const char *end)
{
    const char *from = at;
    while (at < end && strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", *at) != NULL && *at != '\0') {
        at++;
    }
    return at > from ? at : NULL;
}

static const char *skip_value(const char *at, const char *end, int depth);

/* One element, and its name where it is a member. */
static const char *skip_element(const char *at, const char *end, int depth, bool is_member)
{
    if (is_member) {
        if (at == end || *at != '"' || (at = skip_string(at, end)) == NULL) {
            return NULL;
        }
        at = skip_space(at, end);
        if (at == end || *at != ':') {
            return NULL;
        }
        at = skip_space(at + 1, end);
    }
    return skip_value(at, end, depth);
}

static const char *skip_list(const char *at, const char *end, int depth)
{
    bool is_object = *at == '{';
    char closes = is_object ? '}' : ']';
    at = skip_space(at + 1, end);
    if (at < end && *at == closes) {
        return at + 1;
    }
    for (;;) {
        at = skip_element(at, end, depth, is_object);
        if (at == NULL || (at = skip_space(at, end)) == end) {
            return NULL;
        }
        if (*at == closes) {
            return at + 1;
        }
        if (*at != ',') {
            return NULL;
        }
        at = skip_space(at + 1, end);
    }
}

static const char *skip_value(const char *at, const char *end, int depth)
{
    if (at == end || depth == DEEPEST) {
        return NULL;
    }
    switch (*at) {
    case '"':
        return skip_string(at, end);
    case '{':
    case '[':
        return skip_list(at, end, depth + 1);
    default:
        return skip_word(at, end);
    }
}

struct json json_parse(const char *text, size_t len)
{
    const char *end = text + len;
    const char *at = skip_space(text, end);
    const char *behind = skip_value(at, end, 0);
    if (behind == NULL || skip_space(behind, end) != end) {
        return NONE;
    }
    return (struct json){at, (size_t)(behind - at)};
}

struct json json_get(struct json object, const char *name)
{
    if (!json_is_object(object)) {
        return NONE;
    }
    const char *end = object.at + object.len - 1;
    const char *at = skip_space(object.at + 1, end);
    while (at < end) {
        struct json key = {at, (size_t)(skip_string(at, end) - at)};
        at = skip_space(skip_space(key.at + key.len, end) + 1, end);
        struct json value = {at, (size_t)(skip_value(at, end, 0) - at)};
        if (json_is(key, name)) {
            return value;
        }
        at = skip_space(value.at + value.len, end);
        at = at < end ? skip_space(at + 1, end) : at;
    }
    return NONE;
}

bool json_is_object(struct json value)
{
    return value.len > 0 && *value.at == '{';
}

struct json json_string(struct json value)
{
    return value.len >= 2 && *value.at == '"' ? (struct json){value.at + 1, value.len - 2} : NONE;
}

bool json_is(struct json value, const char *string)
{
    struct json text = json_string(value);
    return value.len >= 2 && text.len == strlen(string) && text.at != NULL && memcmp(text.at, string, text.len) == 0;
}

bool json_number(struct json value, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < value.len; i++) {
        unsigned digit = (unsigned)(value.at[i] - '0');
        if (digit > 9 || *number > (UINT64_MAX - digit) / 10) {
            return false;
        }
        *number = *number * 10 + digit;
    }
    return value.len > 0;
}

bool json_bool(struct json value, bool *truth)
{
    *truth = value.len == 4 && memcmp(value.at, "true", 4) == 0;
    return *truth || (value.len == 5 && memcmp(value.at, "false", 5) == 0);
}
