/*
 * test_safetensors.c - the format's rules one by one, shards, folders, and the writer.
 */
#include "qt.h"

#include "qgrid/safetensors_write.h"
#include "io/weights_internal.h"
#include "qgrid/str.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* A file of this header and `data` zero bytes. */
static const char *make(const char *name, const char *header, size_t data)
{
    static unsigned char buf[1 << 16];
    const char *path = qt_tmp(name);
    uint64_t n = strlen(header);
    assert_true(8 + n + data <= sizeof buf);
    memset(buf, 0, sizeof buf);
    memcpy(buf, &n, 8);
    memcpy(buf + 8, header, n);
    qt_write(path, buf, 8 + n + data);
    return path;
}

static void refuse(const char *path, qg_code code, const char *piece)
{
    qg_weights *w = NULL;
    qt_fails(qg_weights_open(&w, path), code, path, piece, NULL);
    assert_null(w);
}

#define T(name, dtype, shape, from, to)                                                            \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" #from "," #to   \
    "]}"

static void good_files_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t data;
        int n;
    } good[] = {
        {"{}", 0, 0},
        {"{\"__metadata__\":{\"format\":\"pt\"}}    \n", 0, 0},
        {"{" T("a", "F32", "[2,3]", 0, 24) "}", 24, 1},
        {"{" T("b", "F64", "[2]", 3, 19) "," T("a", "U8", "[3]", 0, 3) "}", 19, 2},
        {"{" T("scalar", "I64", "[]", 0, 8) "}", 8, 1},
        {"{" T("e", "F32", "[0,4]", 8, 8) "," T("a", "I64", "[1]", 0, 8) "," T(
             "f", "F32", "[0]", 0, 0) "," T("g", "F32", "[4,0,1000000000]", 8, 8) "}",
         8, 4},
        {"{ \"na\xc3\xafve\\u0020\\\"\" : { \"data_offsets\" : [ 0 , 2 ] , \"shape\" : [ 1 ] ,"
         " \"dtype\" : \"BF16\" } }",
         2, 1},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        qg_weights *w;
        qt_ok(qg_weights_open(&w, make("a.safetensors", good[i].header, good[i].data)));
        qt_eq("tensors", qg_weights_count(w), good[i].n);
        qg_weights_close(w);
    }
    qg_weights *w;
    qt_ok(qg_weights_open(&w, make("a.safetensors", good[6].header, 2)));
    assert_non_null(qg_weights_find(w, "na\xc3\xafve \""));
    assert_string_equal(qg_weights_files(w)[0], qt_tmp("a.safetensors"));
    assert_null(qg_weights_files(w)[1]);
    qg_weights_close(w);
    qg_weights_close(NULL);
}

static void bad_headers_are_refused_with_the_tensor(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t data;
        qg_code code;
        const char *piece;
    } bad[] = {
        {" {}", 0, QG_EFORMAT, "the header begins with byte 0x20, '{' is expected"},
        {"[1]", 0, QG_EFORMAT, "the header begins with byte 0x5b"},
        {"{\"a\":", 0, QG_EFORMAT, "1:6: a value is missing"},
        {"{} x", 0, QG_EFORMAT, "something follows the end of the document"},
        {"{\"\xff\":1}", 0, QG_EFORMAT, "1:3: not valid UTF-8"},
        {"{\"a\":1}", 0, QG_EFORMAT, "a: found a number, an object with dtype, shape"},
        {"{" T("a", "F32", "[]", 0, 4) "," T("a", "F32", "[]", 4, 8) "}", 8, QG_EFORMAT,
         "key 'a' occurs twice"},
        {"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", 0, QG_EFORMAT, "/a/dtype: key 'dtype'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4],\"x\":1}}", 4, QG_EFORMAT,
         "a: unknown key 'x'"},
        {"{\"a\":{\"shape\":[],\"data_offsets\":[0,4]}}", 4, QG_EFORMAT,
         "a: a string 'dtype' is expected, found none"},
        {"{\"a\":{\"dtype\":3,\"shape\":[],\"data_offsets\":[0,4]}}", 4, QG_EFORMAT,
         "a: a string 'dtype' is expected, found a number"},
        {"{" T("a", "F9", "[4]", 0, 4) "}", 4, QG_EUNSUPPORTED,
         "a: dtype 'F9' is not one of BOOL, U8, I8, I16, I32, I64"},
        {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, QG_EFORMAT,
         "a: an array 'shape' is expected, found none"},
        {"{" T("a", "F32", "[-1]", 0, 4) "}", 4, QG_EFORMAT,
         "a: size 0 of 'shape' is not a whole number"},
        {"{" T("a", "F32", "[1,1.0]", 0, 4) "}", 4, QG_EFORMAT, "a: size 1 of 'shape'"},
        {"{" T("a", "F32", "[1e0]", 0, 4) "}", 4, QG_EFORMAT, "a: size 0 of 'shape'"},
        {"{" T("a", "F32", "[\"1\"]", 0, 4) "}", 4, QG_EFORMAT, "a: size 0 of 'shape'"},
        {"{" T("a", "F32", "[18446744073709551617]", 0, 4) "}", 4, QG_EFORMAT, "a: size 0"},
        {"{" T("a", "F32", "[1,1,1,1,1,1,1,1,1]", 0, 4) "}", 4, QG_EUNSUPPORTED,
         "a: 9 dimensions, at most 8 are supported"},
        {"{" T("a", "F32", "[4294967296,4294967296]", 0, 4) "}", 4, QG_EFORMAT,
         "a: the product of the sizes in 'shape' overflows"},
        {"{" T("a", "F32", "[4294967296,1073741824,0]", 0, 0) "}", 0, QG_EFORMAT,
         "a: the product of the sizes in 'shape' overflows"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[]}}", 4, QG_EFORMAT,
         "a: an array 'data_offsets' of two numbers is expected"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[4]}}", 4, QG_EFORMAT,
         "a: an array 'data_offsets' of two numbers is expected"},
        {"{" T("a", "F32", "[]", -4, 0) "}", 4, QG_EFORMAT,
         "a: 'data_offsets' are not two whole numbers"},
        {"{" T("a", "F32", "[]", 0, 18446744073709551616) "}", 4, QG_EFORMAT,
         "a: 'data_offsets' are not two whole numbers"},
        {"{" T("a", "F32", "[]", 4, 0) "}", 4, QG_EFORMAT,
         "a: 'data_offsets' are reversed: [4, 0]"},
        {"{" T("a", "F32", "[]", 0, 4) "}", 3, QG_EFORMAT,
         "a: the tensor ends at byte 4 of the data, which has 3: is the file truncated?"},
        {"{" T("a", "F32", "[3]", 0, 8) "}", 8, QG_EFORMAT,
         "a: 'data_offsets' span 8 bytes, [3] of F32 takes 12"},
        {"{" T("a", "U8", "[4]", 0, 4) "," T("b", "U8", "[4]", 3, 7) "}", 7, QG_EFORMAT,
         "b: overlaps tensor 'a' by 1 bytes"},
        {"{" T("a", "U8", "[4]", 0, 4) "," T("b", "U8", "[4]", 0, 4) "}", 4, QG_EFORMAT,
         "overlaps tensor"},
        {"{" T("a", "U8", "[4]", 0, 4) "," T("e", "U8", "[0]", 2, 2) "}", 4, QG_EFORMAT,
         "e: overlaps tensor 'a' by 2 bytes"},
        {"{" T("b", "U8", "[4]", 6, 10) "," T("a", "U8", "[4]", 0, 4) "}", 10, QG_EFORMAT,
         "b: a hole of 2 bytes lies before this tensor"},
        {"{" T("a", "U8", "[4]", 1, 5) "}", 5, QG_EFORMAT, "a: a hole of 1 bytes lies before"},
        {"{" T("a", "U8", "[4]", 0, 4) "}", 9, QG_EFORMAT, "5 bytes follow the last tensor"},
        {"{}", 1, QG_EFORMAT, "1 bytes follow the last tensor"},
        {"{\"a\\nb\":3}", 0, QG_EFORMAT, "bad.safetensors: a b: found a number"},
        {"{\"__metadata__\":[]}", 0, QG_EFORMAT,
         "__metadata__: found an array, an object of strings is expected"},
        {"{\"__metadata__\":{\"format\":1}}", 0, QG_EFORMAT,
         "__metadata__: 'format' is a number, a string is expected"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refuse(make("bad.safetensors", bad[i].header, bad[i].data), bad[i].code, bad[i].piece);
}

static void bad_lengths_are_refused(void **state)
{
    (void)state;
    const char *path = qt_tmp("l.safetensors");
    static const struct {
        unsigned char bytes[12];
        size_t n;
        const char *piece;
    } bad[] = {
        {{0}, 0, "has 0 bytes, too few for a safetensors file"},
        {{1, 2, 3, 4, 5, 6, 7}, 7, "has 7 bytes, too few for a safetensors file"},
        {{0}, 10, "the header length is 0"},
        {{3, 0, 0, 0, 0, 0, 0, 0, '{', '}'}, 10, "the header has 3 bytes, the file ends after 2"},
        {{0, 0xe1, 0xf5, 0x05, 0, 0, 0, 0, '{', '}'}, 10, "the header has 100000000 bytes"},
        {{1, 0xe1, 0xf5, 0x05, 0, 0, 0, 0, '{', '}'}, 10, "length 100000001 is above 100000000"},
        {{0, 0, 0, 0, 0, 0, 0, 2, '{', '}'}, 10, "not a safetensors file, or damaged"},
        {{255, 255, 255, 255, 255, 255, 255, 255, '{'}, 9, "18446744073709551615 is above"},
        {{'P', 'K', 3, 4, 0, 0, 0, 0, '{'}, 9, "the header has 67324752 bytes, the file ends"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        qt_write(path, bad[i].bytes, bad[i].n);
        refuse(path, QG_EFORMAT, bad[i].piece);
    }
    refuse(qt_tmp("missing.safetensors"), QG_EIO, "No such file");
    static const char lfs[] = "version https://git-lfs.github.com/spec/v1\noid sha256:0\n";
    qt_write(path, lfs, sizeof lfs - 1);
    refuse(path, QG_EFORMAT, "is a git-lfs pointer");
}

static void headers_that_would_fill_memory_are_refused(void **state)
{
    (void)state;
    const char *path = qt_tmp("bomb.safetensors");
    uint64_t n = 3 << 20;
    char *buf = malloc(8 + n);
    assert_non_null(buf);
    memcpy(buf, &n, 8);
    memset(buf + 8, ',', n);
    memcpy(buf + 8, "{\"a\":[", 6);
    qt_write(path, buf, 8 + n);
    refuse(path, QG_EFORMAT, "JSON values, at most 1048576 are read");
    memset(buf + 8, '[', 1000);
    buf[8] = '{';
    memcpy(buf + 9, "\"a\":", 4);
    n = 1000;
    memcpy(buf, &n, 8);
    qt_write(path, buf, 8 + n);
    refuse(path, QG_EFORMAT, "values are nested more than 64 deep");
    free(buf);
}

static void truncated_files_are_refused_at_every_length(void **state)
{
    (void)state;
    unsigned char buf[256];
    qg_weights *w;
    const char *path = make("t.safetensors", "{" T("a", "U8", "[4]", 0, 4) "}", 4);
    FILE *f = fopen(path, "rb");
    size_t n = fread(buf, 1, sizeof buf, f);
    fclose(f);
    while (n-- > 0) {
        qt_write(path, buf, n);
        if (qg_weights_open(&w, path) == QG_OK)
            fail_msg("%zu bytes were enough", n);
    }
}

static const float numbers[6] = {1, -2, 3, 0.5f, -0.0f, 6};
static const qg_tensor written[] = {
    {"b", QG_F32, 2, {2, 3}, numbers, 24},
    {"a.\"quoted\"", QG_U8, 1, {3}, "xyz", 3},
    {"empty", QG_F64, 2, {0, 7}, NULL, 0},
    {"scalar", QG_F32, 0, {0}, numbers + 3, 4},
};
static const char *const metadata[] = {"format", "pt", "who", "\"me\"", NULL};

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    qg_weights *w;
    char *first, *second;
    size_t n, m;
    qg_arena *a = qg_arena_create(0);
    const char *path = qt_tmp("w.safetensors"), *twin = qt_tmp("w2.safetensors");
    qt_ok(qg_safetensors_write(path, written, 4, metadata));
    qt_ok(qg_safetensors_write(twin, written, 4, metadata));
    qt_ok(qg_file_read(&first, &n, a, path, 10000));
    qt_ok(qg_file_read(&second, &m, a, twin, 10000));
    qt_eq("size", (long long)n, (long long)m);
    qt_same("bytes", first, second, n, 1);
    qt_ok(qg_weights_open(&w, path));
    qt_eq("tensors", qg_weights_count(w), 4);
    for (int i = 0; i < 4; i++) {
        const qg_tensor *t = qg_weights_at(w, i);
        assert_string_equal(t->name, written[i].name);
        qt_eq("dtype", t->dtype, written[i].dtype);
        qt_eq("ndim", t->ndim, written[i].ndim);
        qt_same("shape", t->shape, written[i].shape, (size_t)t->ndim, sizeof t->shape[0]);
        qt_eq("bytes", (long long)t->bytes, (long long)written[i].bytes);
        qt_same("data", t->data, written[i].data, t->bytes, 1);
    }
    qt_eq("alignment", (long long)((uintptr_t)qg_weights_at(w, 0)->data % 64), 0);
    qg_weights_close(w);
    qt_ok(qg_safetensors_write(path, NULL, 0, NULL));
    qt_eq("a file without tensors", qg_path_bytes(path), 64);
    qt_ok(qg_weights_open(&w, path));
    qg_weights_close(w);
    qg_arena_destroy(a);
}

static void what_cannot_be_written_leaves_nothing(void **state)
{
    (void)state;
    static const qg_tensor twins[] = {{"x", QG_U8, 1, {1}, "x", 1}, {"x", QG_U8, 1, {1}, "x", 1}};
    static const qg_tensor reserved = {"__metadata__", QG_U8, 1, {1}, "x", 1};
    static const qg_tensor invalid = {"a\xff", QG_U8, 1, {1}, "x", 1};
    static char big[100000];
    const qg_tensor large = {"x", QG_U8, 1, {sizeof big}, big, sizeof big};
    const char *dir = qt_tmp("out"), *path = qt_tmp("out/x.safetensors");
    qt_ok(qg_mkdirs(dir));
    qt_fails(qg_safetensors_write(path, twins, 2, NULL), QG_EFORMAT, "x: two tensors", NULL);
    qt_fails(qg_safetensors_write(path, &reserved, 1, NULL), QG_EFORMAT, "cannot be the name",
             NULL);
    qt_fails(qg_safetensors_write(path, &invalid, 1, NULL), QG_EFORMAT, "cannot be the name", NULL);
    qt_fails(qg_safetensors_write(qt_tmp("no/x.safetensors"), twins, 1, NULL), QG_EIO,
             "cannot create: No such file", NULL);

    struct rlimit old, small;
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 50000;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    qg_code rc = qg_safetensors_write(path, &large, 1, NULL);
    setrlimit(RLIMIT_FSIZE, &old);
    qt_fails(rc, QG_EIO, "out/x.safetensors: cannot write: File too large", NULL);
    qt_eq("bytes left in the folder", qg_path_bytes(dir), 0);
}

static void an_abandoned_file_disappears(void **state)
{
    (void)state;
    qg_safetensors_writer w;
    const char *dir = qt_tmp("abandoned"), *path = qt_tmp("abandoned/x.safetensors");
    qt_ok(qg_mkdirs(dir));
    qt_ok(qg_safetensors_begin(&w, path, written, 1, NULL));
    qt_ok(qg_safetensors_put(&w, numbers, 12));
    assert_true(qg_path_bytes(dir) > 0);
    qg_safetensors_abandon(&w);
    qg_safetensors_abandon(&w);
    qt_eq("bytes left in the folder", qg_path_bytes(dir), 0);
}

#define INDEX(body) "{\"metadata\":{},\"weight_map\":{" body "}}"

/* A folder with two shards, "one" (a) and "two" (b, c), and this index; returns its path. */
static const char *make_shards(const char *index)
{
    static char dir[600];
    snprintf(dir, sizeof dir, "%s", qt_tmp("sharded"));
    qt_ok(qg_mkdirs(dir));
    make("sharded/one.safetensors", "{" T("a", "U8", "[1]", 0, 1) "}", 1);
    make("sharded/two.safetensors", "{" T("b", "U8", "[2]", 0, 2) "," T("c", "U8", "[0]", 2, 2) "}",
         2);
    qt_write(qt_tmp("sharded/model.safetensors.index.json"), index, strlen(index));
    return dir;
}

#define GOOD_INDEX                                                                                 \
    INDEX("\"a\":\"one.safetensors\",\"b\":\"two.safetensors\",\"c\":\"two.safetensors\"")

static void shards_are_read_through_their_index(void **state)
{
    (void)state;
    qg_weights *w;
    const char *dir = make_shards(GOOD_INDEX);
    qt_ok(qg_weights_open(&w, dir));
    qt_eq("tensors", qg_weights_count(w), 3);
    qt_eq("bytes", (long long)qg_weights_find(w, "b")->bytes, 2);
    assert_non_null(strstr(qg_weights_files(w)[0], "sharded/one.safetensors"));
    assert_non_null(strstr(qg_weights_files(w)[1], "sharded/two.safetensors"));
    assert_null(qg_weights_files(w)[2]);
    qg_weights_close(w);
    qt_ok(qg_weights_open(&w, qt_tmp("sharded/model.safetensors.index.json")));
    qg_weights_close(w);
}

static void bad_indexes_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *index;
        qg_code code;
        const char *piece;
    } bad[] = {
        {"{}", QG_EFORMAT, "an object 'weight_map' is expected"},
        {"{\"weight_map\":[]}", QG_EFORMAT, "an object 'weight_map' is expected"},
        {INDEX("\"a\":1"), QG_EFORMAT, "/weight_map/a: found a number, a file name is expected"},
        {INDEX("\"a\":\"../one.safetensors\""), QG_EFORMAT, "is not a plain file name"},
        {INDEX("\"a\":\"/etc/passwd\""), QG_EFORMAT,
         "shard '/etc/passwd' is not a plain file name"},
        {INDEX("\"a\":\"..\""), QG_EFORMAT, "is not a plain file name"},
        {INDEX("\"a\":\"\""), QG_EFORMAT, "is not a plain file name"},
        {INDEX("\"a\":\"three.safetensors\""), QG_EIO, "three.safetensors: cannot open"},
        {INDEX("\"a\":\"one.safetensors\",\"x\":\"two.safetensors\""), QG_EFORMAT,
         "tensor 'x' is in no shard, 'two.safetensors' should hold it"},
        {INDEX("\"a\":\"one.safetensors\",\"b\":\"one.safetensors\",\"c\":\"two.safetensors\""),
         QG_EFORMAT, "tensor 'b' is not in 'one.safetensors' but in "},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refuse(make_shards(bad[i].index), bad[i].code, bad[i].piece);
    const char *dir = make_shards(GOOD_INDEX);
    make("sharded/one.safetensors", "{" T("b", "U8", "[1]", 0, 1) "}", 1);
    refuse(dir, QG_EFORMAT, "b: this tensor occurs twice");
}

static void a_folder_is_searched_in_order(void **state)
{
    (void)state;
    qg_weights *w;
    char dir[600];
    snprintf(dir, sizeof dir, "%s", make_shards(GOOD_INDEX));
    make("sharded/model.safetensors", "{}", 0);
    qt_ok(qg_weights_open(&w, dir));
    qt_eq("tensors of model.safetensors", qg_weights_count(w), 0);
    qg_weights_close(w);
    qt_ok(qg_remove(qt_tmp("sharded/model.safetensors")));

    snprintf(dir, sizeof dir, "%s", qt_tmp("empty"));
    qt_ok(qg_mkdirs(dir));
    refuse(dir, QG_EIO,
           "no checkpoint in this folder: looked for model.safetensors, "
           "model.safetensors.index.json, pytorch_model.bin, pytorch_model.bin.index.json");
}

static qg_code open_in_arena(qg_arena *a, void *path)
{
    qg_weights *w;
    QG_TRY(qg_weights_open_in(&w, a, path));
    qg_weights_unmap(w);
    return QG_OK;
}

static void every_failing_allocation_is_survived(void **state)
{
    (void)state;
    char path[600];
    snprintf(path, sizeof path, "%s", make_shards(GOOD_INDEX));
    qt_torture(open_in_arena, path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(good_files_are_read),
    cmocka_unit_test(bad_headers_are_refused_with_the_tensor),
    cmocka_unit_test(bad_lengths_are_refused),
    cmocka_unit_test(headers_that_would_fill_memory_are_refused),
    cmocka_unit_test(truncated_files_are_refused_at_every_length),
    cmocka_unit_test(what_is_written_is_read_again),
    cmocka_unit_test(what_cannot_be_written_leaves_nothing),
    cmocka_unit_test(an_abandoned_file_disappears),
    cmocka_unit_test(shards_are_read_through_their_index),
    cmocka_unit_test(bad_indexes_are_refused),
    cmocka_unit_test(a_folder_is_searched_in_order),
    cmocka_unit_test(every_failing_allocation_is_survived),
};
QT_MAIN("safetensors", tests)
