/*
 * named_numbers.c - numbers with their names, written and read.
 */
#include "named_numbers.h"

#include <string.h>

static const struct {
    const char *name;
    size_t bytes;
} types[QG_NUMBER_TYPES] = {[QG_NUMBER_TEXT] = {"text", 1},
                            [QG_NUMBER_FLAG] = {"flag", sizeof(bool)},
                            [QG_NUMBER_I64] = {"i64", sizeof(int64_t)},
                            [QG_NUMBER_F32] = {"f32", sizeof(float)},
                            [QG_NUMBER_F64] = {"f64", sizeof(double)}};
_Static_assert(sizeof(bool) == 1, "a flag is a byte");

void qg_named_put(qg_str *out, const char *name, qg_number_type type, const void *first,
                  size_t stride, uint64_t count)
{
    qg_str_addf(out, "%s %s %llu\n", name, types[type].name, (unsigned long long)count);
    for (uint64_t i = 0; i < count; i++)
        qg_str_addn(out, (const char *)first + (size_t)i * stride, types[type].bytes);
}

/* The word at *at, of ASCII, up to the byte `end`; false: there is none of 1 .. size - 1 bytes. */
static bool take_word(char *out, size_t size, size_t *at, const char *record, size_t bytes,
                      char end)
{
    size_t n = 0;
    while (n < size && *at + n < bytes && record[*at + n] != end && record[*at + n] > ' ' &&
           record[*at + n] < 127)
        n++;
    if (n == 0 || n >= size || *at + n >= bytes || record[*at + n] != end)
        return false;
    memcpy(out, record + *at, n);
    out[n] = 0;
    *at += n + 1;
    return true;
}

static bool read_type(qg_number_type *out, const char *word)
{
    for (int i = 0; i < QG_NUMBER_TYPES; i++)
        if (strcmp(types[i].name, word) == 0) {
            *out = (qg_number_type)i;
            return true;
        }
    return false;
}

static bool read_count(uint64_t *out, const char *word)
{
    *out = 0;
    for (; *word >= '0' && *word <= '9'; word++)
        *out = *out * 10 + (uint64_t)(*word - '0'); /* of at most 18 digits */
    return *word == 0;
}

bool qg_named_next(qg_named *out, size_t *at, const char *record, size_t size)
{
    char type[8], count[19];
    size_t next = *at;
    if (!take_word(out->name, sizeof out->name, &next, record, size, ' ') ||
        !take_word(type, sizeof type, &next, record, size, ' ') ||
        !take_word(count, sizeof count, &next, record, size, '\n') ||
        !read_type(&out->type, type) || !read_count(&out->count, count) ||
        out->count > (size - next) / types[out->type].bytes)
        return false;
    out->data = record + next;
    *at = next + (size_t)out->count * types[out->type].bytes;
    return true;
}

bool qg_named_find(qg_named *out, const char *record, size_t size, const char *name,
                   qg_number_type type)
{
    for (size_t at = 0; qg_named_next(out, &at, record, size);)
        if (out->type == type && strcmp(out->name, name) == 0)
            return true;
    return false;
}

void qg_named_take(const qg_named *n, void *first, size_t stride)
{
    size_t bytes = types[n->type].bytes;
    for (uint64_t i = 0; i < n->count; i++) {
        char *to = (char *)first + (size_t)i * stride;
        if (n->type == QG_NUMBER_FLAG)
            *(bool *)to = n->data[i] != 0;
        else
            memcpy(to, n->data + (size_t)i * bytes, bytes);
    }
}
