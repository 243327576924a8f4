/*
 * qt_torch.h - small torch checkpoints made by hand: pickles as literals, zip and legacy
 * containers.
 */
#ifndef QT_TORCH_H
#define QT_TORCH_H

#include "qt.h"

typedef struct qt_bytes {
    unsigned char data[1 << 16];
    size_t n;
} qt_bytes;

typedef struct qt_entry {
    const char *name;
    const void *data;
    size_t size;
} qt_entry;

/* A literal with NULs, and its length. */
#define QT_LITERAL(s) (s), sizeof(s) - 1

void qt_add(qt_bytes *b, const void *data, size_t size);
void qt_add_number(qt_bytes *b, uint64_t v, int width);

/** Stored entries with right CRCs, central directory, end record. */
void qt_zip(qt_bytes *out, const qt_entry *entries, size_t n);

/** Offset of the n-th place where `size` bytes occur; fails the test when there is none. */
size_t qt_where(const qt_bytes *b, const void *bytes, size_t size, int n);

/* Opcodes of protocol 2. Lengths and numbers are given as byte literals. */
#define PKL_BEGIN           "\x80\x02"
#define PKL_TEXT(len, text) "X" len "\0\0\0" text
#define PKL_DICT(items)     "}(" items "u"
#define PKL_STORAGE_ID(class, key, count)                                                          \
    "(X\7\0\0\0storagectorch\n" class "\nX\1\0\0\0" key "X\3\0\0\0"                                \
                                      "cpuJ" count
#define PKL_STORAGE(class, key, count) PKL_STORAGE_ID(class, key, count) "tQ"
#define PKL_TENSOR(storage, offset, size, stride)                                                  \
    "ctorch._utils\n_rebuild_tensor_v2\n(" storage "K" offset size stride "\x89}tR"

/* a = [[1, 2, 3], [4, 5, 6]] in f32, t = its transpose, h = [1, -2] in f16 */
#define PKL_FLOATS PKL_STORAGE("FloatStorage", "0", "\6\0\0\0")
#define PKL_STATE                                                                                  \
    PKL_DICT(PKL_TEXT("\1", "a") PKL_TENSOR(PKL_FLOATS, "\0", "K\2K\3\x86", "K\3K\1\x86")          \
                 PKL_TEXT("\1", "t") PKL_TENSOR(PKL_FLOATS, "\0", "K\3K\2\x86", "K\1K\3\x86")      \
                     PKL_TEXT("\1", "h") PKL_TENSOR(PKL_STORAGE("HalfStorage", "1", "\2\0\0\0"),   \
                                                    "\0", "K\2\x85", "K\1\x85"))
#define PKL_GOOD PKL_BEGIN PKL_STATE "."

extern const float qt_torch_a[6];
extern const uint16_t qt_torch_h[2];

/** A zip checkpoint "m" with this pickle and the two storages. */
void qt_torch_zip(qt_bytes *out, const void *pickle, size_t size);

/** A legacy checkpoint with this pickle, then the two storages. */
void qt_torch_legacy(qt_bytes *out, const void *pickle, size_t size);

/* Pieces of a legacy file. */
#define PKL_MAGIC    "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
#define PKL_PROTOCOL "\x80\x02M\xe9\x03."
#define PKL_SYSTEM   "\x80\x02}X\15\0\0\0little_endian\x88s."
#define PKL_KEYS                                                                                   \
    "\x80\x02](X\1\0\0\0"                                                                          \
    "0X\1\0\0\0"                                                                                   \
    "1e."

#endif
