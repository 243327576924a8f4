/*
 * qt_torch.c - containers of torch checkpoints, written as torch.save writes them.
 */
#include "qt_torch.h"

#include <string.h>
#include <zlib.h>

const float qt_torch_a[6] = {1, 2, 3, 4, 5, 6};
const uint16_t qt_torch_h[2] = {0x3c00, 0xc000};

void qt_add(qt_bytes *b, const void *data, size_t size)
{
    assert_true(size <= sizeof b->data - b->n);
    if (size)
        memcpy(b->data + b->n, data, size);
    b->n += size;
}

void qt_add_number(qt_bytes *b, uint64_t v, int width)
{
    for (int i = 0; i < width; i++) {
        unsigned char c = (unsigned char)(i < 8 ? v >> (8 * i) : 0);
        qt_add(b, &c, 1);
    }
}

/* version, flags, method, time, date, crc, packed, size, name length, extra length */
static void add_fields(qt_bytes *b, const qt_entry *e)
{
    qt_add_number(b, 0, 2);
    qt_add_number(b, 0x808, 2);
    qt_add_number(b, 0, 2);
    qt_add_number(b, 0, 4);
    qt_add_number(b, e->size ? crc32_z(crc32_z(0, NULL, 0), e->data, e->size) : 0, 4);
    qt_add_number(b, e->size, 4);
    qt_add_number(b, e->size, 4);
    qt_add_number(b, strlen(e->name), 2);
    qt_add_number(b, 0, 2);
}

void qt_zip(qt_bytes *out, const qt_entry *entries, size_t n)
{
    size_t begin[16];
    assert_true(n <= 16);
    out->n = 0;
    for (size_t i = 0; i < n; i++) {
        begin[i] = out->n;
        qt_add(out, "PK\3\4", 4);
        add_fields(out, &entries[i]);
        qt_add(out, entries[i].name, strlen(entries[i].name));
        qt_add(out, entries[i].data, entries[i].size);
    }
    size_t directory = out->n;
    for (size_t i = 0; i < n; i++) {
        qt_add(out, "PK\1\2\0\0", 6);
        add_fields(out, &entries[i]);
        qt_add_number(out, 0, 2 + 2 + 2); /* comment, disk, internal attributes */
        qt_add_number(out, 0, 4);
        qt_add_number(out, begin[i], 4);
        qt_add(out, entries[i].name, strlen(entries[i].name));
    }
    size_t length = out->n - directory;
    qt_add(out, "PK\5\6\0\0\0\0", 8);
    qt_add_number(out, n, 2);
    qt_add_number(out, n, 2);
    qt_add_number(out, length, 4);
    qt_add_number(out, directory, 4);
    qt_add_number(out, 0, 2);
}

size_t qt_where(const qt_bytes *b, const void *bytes, size_t size, int n)
{
    for (size_t i = 0; i + size <= b->n; i++)
        if (memcmp(b->data + i, bytes, size) == 0 && n-- == 0)
            return i;
    fail_msg("these bytes are not in the file");
    return 0;
}

void qt_torch_zip(qt_bytes *out, const void *pickle, size_t size)
{
    qt_zip(out,
           (qt_entry[]){{"m/data.pkl", pickle, size},
                        {"m/data/0", qt_torch_a, sizeof qt_torch_a},
                        {"m/data/1", qt_torch_h, sizeof qt_torch_h},
                        {"m/version", "3\n", 2}},
           4);
}

void qt_torch_legacy(qt_bytes *out, const void *pickle, size_t size)
{
    out->n = 0;
    qt_add(out, QT_LITERAL(PKL_MAGIC));
    qt_add(out, QT_LITERAL(PKL_PROTOCOL));
    qt_add(out, QT_LITERAL(PKL_SYSTEM));
    qt_add(out, pickle, size);
    qt_add(out, QT_LITERAL(PKL_KEYS));
    qt_add_number(out, 6, 8);
    qt_add(out, qt_torch_a, sizeof qt_torch_a);
    qt_add_number(out, 2, 8);
    qt_add(out, qt_torch_h, sizeof qt_torch_h);
}
