/*
 * test_torch.c - pytorch_model.bin, zip and legacy: what is read, and every way to refuse it.
 */
#include "qt_torch.h"

#include "io/weights_internal.h"

#include <stdlib.h>
#include <string.h>

static qt_bytes file; /* of the test that runs */

/* Opens the bytes as a file; the handle is for the test to close. */
static qg_code open_bytes(qg_weights **out, const qt_bytes *b)
{
    const char *path = qt_tmp("model.bin");
    qt_write(path, b->data, b->n);
    return qg_weights_open(out, path);
}

static void refuse(const qt_bytes *b, qg_code code, const char *piece)
{
    qg_weights *w = NULL;
    qt_fails(open_bytes(&w, b), code, "model.bin", piece, NULL);
    assert_null(w);
}

static void check_state(const qt_bytes *b)
{
    qg_weights *w;
    qt_ok(open_bytes(&w, b));
    qt_eq("tensors", qg_weights_count(w), 3);
    const qg_tensor *a = qg_weights_find(w, "a"), *t = qg_weights_find(w, "t");
    const qg_tensor *h = qg_weights_find(w, "h");
    assert_true(a && t && h && !qg_weights_find(w, "x"));
    qt_eq("dtype", a->dtype, QG_F32);
    qt_eq("rows", a->shape[0], 2);
    qt_same("a", a->data, qt_torch_a, 6, 4);
    qt_eq("rows", t->shape[0], 3);
    qt_same("t", t->data, (float[]){1, 4, 2, 5, 3, 6}, 6, 4);
    qt_eq("dtype", h->dtype, QG_F16);
    qt_same("h", h->data, qt_torch_h, 2, 2);
    assert_string_equal(qg_weights_at(w, 0)->name, "a");
    qg_weights_close(w);
}

static void zip_and_legacy_files_give_the_same_tensors(void **state)
{
    (void)state;
    qt_torch_zip(&file, QT_LITERAL(PKL_GOOD));
    check_state(&file);
    qt_torch_legacy(&file, QT_LITERAL(PKL_GOOD));
    check_state(&file);
}

#define MODEL_IN(key_len, key, more)                                                               \
    PKL_BEGIN PKL_DICT(PKL_TEXT("\5", "epoch") "K\3" more PKL_TEXT(key_len, key) PKL_STATE) "."
#define SCALAR PKL_TENSOR(PKL_FLOATS, "\5", ")", ")")
#define OTHER  PKL_DICT(PKL_TEXT("\1", "z") SCALAR)

static void the_model_is_found_inside_a_training_checkpoint(void **state)
{
    (void)state;
    static const struct {
        const char *pickle;
        size_t size;
    } good[] = {
        {QT_LITERAL(MODEL_IN("\x0a", "state_dict", ""))},
        {QT_LITERAL(MODEL_IN("\7", "network", ""))},
        {QT_LITERAL(MODEL_IN("\5", "model", PKL_TEXT("\4", "loss") SCALAR))},
        {QT_LITERAL(MODEL_IN("\5", "model", PKL_TEXT("\3", "ema") OTHER))},
        {QT_LITERAL(MODEL_IN("\7", "network", PKL_TEXT("\11", "optimizer") OTHER))},
        {QT_LITERAL(PKL_BEGIN "ccollections\nOrderedDict\n)R(" PKL_TEXT("\3", "net") PKL_STATE
                    "u}X\11\0\0\0_metadata}sb.")},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        qt_torch_zip(&file, good[i].pickle, good[i].size);
        check_state(&file);
    }
    qt_torch_zip(&file, QT_LITERAL(MODEL_IN("\7", "network", PKL_TEXT("\3", "ema") OTHER)));
    refuse(&file, QG_EFORMAT, "several dicts of tensors, 'ema' and 'network' among them");
}

/* As pickle writes them under protocols 2 and 4: numpy.float64(0.5), numpy.arange(2.0). */
#define DTYPE_STATE "(K\3X\1\0\0\0<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
#define SCALAR_2                                                                                   \
    "cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nX\2\0\0\0f8\x89\x88\x87R" DTYPE_STATE          \
    "c_codecs\nencode\nX\11\0\0\0\0\0\0\0\0\0\xc3\xa0?X\6\0\0\0latin1\x86R\x86R"
#define ARRAY_4                                                                                    \
    "\x8c\26numpy._core.multiarray\x8c\14_reconstruct\x93\x8c\5numpy\x8c\7ndarray\x93K\0\x85"      \
    "C\1b\x87R(K\1K\2\x85\x8c\5numpy\x8c\5dtype\x93\x8c\2f8\x89\x88\x87R" DTYPE_STATE "\x89"       \
    "C\20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xf0?tb"

static void numbers_of_numpy_and_types_beside_the_model_are_passed_over(void **state)
{
    (void)state;
    static const struct {
        const char *pickle;
        size_t size;
    } good[] = {
        {QT_LITERAL(MODEL_IN("\5", "model", PKL_TEXT("\4", "loss") SCALAR_2))},
        {QT_LITERAL(MODEL_IN("\5", "model", PKL_TEXT("\6", "losses") ARRAY_4))},
        {QT_LITERAL(MODEL_IN("\5", "model", PKL_TEXT("\5", "dtype") "ctorch\nfloat32\n"))},
        {QT_LITERAL(
            MODEL_IN("\5", "model", PKL_TEXT("\6", "device") "ctorch\ndevice\nX\3\0\0\0cpu\x85R"))},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        qt_torch_zip(&file, good[i].pickle, good[i].size);
        check_state(&file);
    }
    qt_torch_zip(&file,
                 QT_LITERAL(MODEL_IN("\5", "model",
                                     PKL_TEXT("\4", "loss") "cnumpy\nload\nX\1\0\0\0x\x85R")));
    refuse(&file, QG_EUNSUPPORTED, "numpy.load");
    qt_torch_zip(&file, QT_LITERAL(MODEL_IN("\5", "model",
                                            PKL_TEXT("\4", "loss") "ctorch\nSize\n)\x85R}b")));
    refuse(&file, QG_EUNSUPPORTED, "BUILD on");
}

/* OrderedDict([[key, value]]) of Python 2, a part of a storage, Parameter, Size, long integers. */
static void rarer_ways_to_write_a_tensor_are_read(void **state)
{
    (void)state;
    qg_weights *w;
    qt_torch_legacy(
        &file,
        QT_LITERAL(
            PKL_BEGIN
            "ccollections\nOrderedDict\n](](U\1pctorch._utils\n_rebuild_parameter\n" PKL_TENSOR(
                PKL_STORAGE_ID("FloatStorage", "0", "\6\0\0\0") "(X\1\0\0\0vK\2K\3ttQ", "\1",
                "ctorch\nSize\n\x8a\1\2\x85\x85R",
                "\x8b\1\0\0\0\1\x85") "\x88}\x87Re](U\1h" PKL_TENSOR(PKL_STORAGE("HalfStorage", "1",
                                                                                 "\2\0\0\0"),
                                                                     "\1", ")", ")") "ee\x85R."));
    qt_ok(open_bytes(&w, &file));
    qt_eq("tensors", qg_weights_count(w), 2);
    qt_same("p", qg_weights_find(w, "p")->data, (float[]){4, 5}, 2, 4);
    qt_eq("scalar", qg_weights_find(w, "h")->ndim, 0);
    qt_same("h", qg_weights_find(w, "h")->data, qt_torch_h + 1, 1, 2);
    qg_weights_close(w);
}

typedef struct bad_pickle {
    const char *pickle;
    size_t size;
    qg_code code;
    const char *piece;
} bad_pickle;

/* Wrong in themselves; all of them in a zip archive. */
static const bad_pickle bad_pickles[] = {
    {QT_LITERAL("\x80\x02"
                "cos\nsystem\nX\2\0\0\0ls\x85R."),
     QG_EUNSUPPORTED, "m/data.pkl: global 'os.system' is not allowed"},
    {QT_LITERAL("\x80\x04\x8c\5posix\x8c\6system\x93\x8c\2ls\x85R."), QG_EUNSUPPORTED,
     "global 'posix.system' is not allowed"},
    {QT_LITERAL("\x80\x02"
                "cbuiltins\neval\n."),
     QG_EUNSUPPORTED, "global 'builtins.eval'"},
    {QT_LITERAL("\x80\x02"
                "ctorch.storage\n_load_from_bytes\n."),
     QG_EUNSUPPORTED,
     "global 'torch.storage._load_from_bytes' is not allowed: only tensors are read"},
    {QT_LITERAL("\x80\x02"
                "ctorch\nFloatStorage.__init__\n."),
     QG_EUNSUPPORTED, "'torch.FloatStorage.__init__'"},
    {QT_LITERAL("\x80\x02"
                "ctorch\nFloatStorage\n)R."),
     QG_EUNSUPPORTED, "call of a storage class"},
    {QT_LITERAL("\x80\x02"
                "ctorch\nFloatStorage\n)\x81."),
     QG_EUNSUPPORTED, "opcode NEWOBJ (0x81) is not allowed (byte 23 of the pickle)"},
    {QT_LITERAL("(S'ls'\nios\nsystem\n."), QG_EUNSUPPORTED, "opcode STRING (0x53)"},
    {QT_LITERAL("\x80\x02(ios\nsystem\n."), QG_EUNSUPPORTED, "opcode INST (0x69)"},
    {QT_LITERAL("\x80\x02(o."), QG_EUNSUPPORTED, "opcode OBJ"},
    {QT_LITERAL("\x80\x02\x82\1."), QG_EUNSUPPORTED, "opcode EXT1"},
    {QT_LITERAL("\x80\x02P0\n."), QG_EUNSUPPORTED, "opcode PERSID"},
    {QT_LITERAL("\x80\x05\x96\0\0\0\0\0\0\0\0."), QG_EUNSUPPORTED, "opcode BYTEARRAY8"},
    {QT_LITERAL("\x80\x02\xff."), QG_EFORMAT, "opcode unknown (0xff)"},
    {QT_LITERAL("\x80\x09N."), QG_EUNSUPPORTED, "pickle protocol 9 is not one of 2 to 5"},
    {QT_LITERAL("\x80\x02."), QG_EFORMAT, "the pickle ends with 0 values"},
    {QT_LITERAL("\x80\x02NN."), QG_EFORMAT, "the pickle ends with 2 values"},
    {QT_LITERAL("\x80\x02(N."), QG_EFORMAT, "the pickle ends with 1 values"},
    {QT_LITERAL("\x80\x02N"), QG_EFORMAT, "the pickle ends too early: is it truncated?"},
    {QT_LITERAL("\x80\x02t."), QG_EFORMAT, "a mark is missing"},
    {QT_LITERAL("\x80\x02N\x86."), QG_EFORMAT, "the stack holds 1 values, 2 are needed"},
    {QT_LITERAL("\x80\x02N(\x85."), QG_EFORMAT, "the stack holds 0 values, 1 are needed"},
    {QT_LITERAL("\x80\x02]NNs."), QG_EFORMAT, "SETITEM on a list"},
    {QT_LITERAL("\x80\x02}Na."), QG_EFORMAT, "APPEND on a dict"},
    {QT_LITERAL("\x80\x02}(Nu."), QG_EFORMAT, "a key without a value"},
    {QT_LITERAL("\x80\x02NN"
                "R."),
     QG_EFORMAT, "REDUCE on None and None"},
    {QT_LITERAL("\x80\x02]}b."), QG_EUNSUPPORTED, "BUILD on a list with a dict is not allowed"},
    {QT_LITERAL("\x80\x02h\0."), QG_EFORMAT, "memo entry 0 does not exist"},
    {QT_LITERAL("\x80\x02Nq\3h\2."), QG_EFORMAT, "memo entry 2 does not exist"},
    {QT_LITERAL("\x80\x02Nr\xff\xff\xff\xff."), QG_EFORMAT,
     "memo index 4294967295 after 0 entries"},
    {QT_LITERAL("\x80\x02X\xff\xff\xff\x7f"
                "abc."),
     QG_EFORMAT, "ends too early"},
    {QT_LITERAL("\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xff"
                "abc."),
     QG_EFORMAT, "ends too early"},
    {QT_LITERAL("\x80\x04\x95\xff\0\0\0\0\0\0\0N."), QG_EFORMAT,
     "a frame of 255 bytes, 2 are left"},
    {QT_LITERAL("\x80\x02X\2\0\0\0\xc0\x80."), QG_EFORMAT, "a string is not valid UTF-8"},
    {QT_LITERAL("\x80\x02"
                "cos"),
     QG_EFORMAT, "the name of a global does not end"},
    {QT_LITERAL("\x80\x04NN\x93."), QG_EFORMAT, "the name of a global is None"},
    {QT_LITERAL("\x80\x02NQ."), QG_EFORMAT, "a persistent id wants ('storage', class, key"},
    {QT_LITERAL("\x80\x02" PKL_STORAGE("FloatStorage", "0", "\xff\xff\xff\xff") "."), QG_EFORMAT,
     "a storage of -1 elements"},
    {QT_LITERAL("\x80\x02" PKL_STORAGE_ID("FloatStorage", "0", "\6\0\0\0") "(NK\5K\2ttQ."),
     QG_EFORMAT, "a part of a storage, 2 elements from 5, leaves its 6"},
    {QT_LITERAL("\x80\x02" PKL_STORAGE_ID("FloatStorage", "0", "\6\0\0\0") "K\1tQ."), QG_EFORMAT,
     "a part of a storage wants (key, begin, length)"},
    {QT_LITERAL("\x80\x02"
                "ctorch._utils\n_rebuild_tensor_v2\n)R."),
     QG_EFORMAT, "_rebuild_tensor_v2 wants (storage, offset"},
    {QT_LITERAL("\x80\x02"
                "ctorch._utils\n_rebuild_parameter\nN\x85R."),
     QG_EFORMAT, "_rebuild_parameter wants (tensor"},
    {QT_LITERAL("\x80\x02"
                "ctorch._utils\n_rebuild_tensor_v2\n(" PKL_FLOATS
                "K\0K\6\x85K\1\x85\x89}}X\4\0\0\0conj\x88stR."),
     QG_EUNSUPPORTED, "a tensor with metadata is not supported"},
    {QT_LITERAL("\x80\x02"
                "ctorch\nSize\nN\x85R."),
     QG_EFORMAT, "torch.Size wants one tuple"},
    {QT_LITERAL("\x80\x02"
                "ccollections\nOrderedDict\nN\x85R."),
     QG_EFORMAT, "OrderedDict wants one list of pairs"},
    {QT_LITERAL("\x80\x02"
                "ccollections\nOrderedDict\n]Na\x85R."),
     QG_EFORMAT, "OrderedDict wants pairs, element 0 is none"},
    {QT_LITERAL("\x80\x02]."), QG_EFORMAT, "holds a list without a dict of tensors"},
    {QT_LITERAL("\x80\x02}X\1\0\0\0aK\1s."), QG_EFORMAT, "holds a dict without a dict of tensors"},
};

static void hostile_pickles_are_refused_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_pickles / sizeof bad_pickles[0]; i++) {
        qt_torch_zip(&file, bad_pickles[i].pickle, bad_pickles[i].size);
        refuse(&file, bad_pickles[i].code, bad_pickles[i].piece);
    }
}

#define ONE(tensor) PKL_BEGIN PKL_DICT(PKL_TEXT("\1", "a") tensor) "."

static const bad_pickle bad_tensors[] = {
    {QT_LITERAL(ONE(PKL_TENSOR(PKL_FLOATS, "\1", "K\2K\3\x86", "K\3K\1\x86"))), QG_EFORMAT,
     "a: this view reaches outside of its storage of 6 elements"},
    {QT_LITERAL(ONE(PKL_TENSOR(PKL_FLOATS, "\7", ")", ")"))), QG_EFORMAT, "reaches outside"},
    {QT_LITERAL(ONE(PKL_TENSOR(PKL_FLOATS, "\0", "K\2K\3\x86", "K\4K\1\x86"))), QG_EFORMAT,
     "reaches outside"},
    {QT_LITERAL(ONE(
         PKL_TENSOR(PKL_FLOATS, "\0", "K\2\x85", "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x85"))),
     QG_EFORMAT, "reaches outside"},
    {QT_LITERAL(ONE(
         PKL_TENSOR(PKL_FLOATS, "\0", "K\3\x85", "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x85"))),
     QG_EFORMAT, "reaches outside"},
    {QT_LITERAL(ONE(PKL_TENSOR(PKL_FLOATS, "\0", "J\xff\xff\xff\xff\x85", "K\1\x85"))), QG_EFORMAT,
     "size 0 of a tensor is negative or no integer"},
    {QT_LITERAL(ONE(PKL_TENSOR(PKL_FLOATS, "\0", "K\6\x85", "J\xff\xff\xff\xff\x85"))), QG_EFORMAT,
     "stride 0 of a tensor is negative"},
    {QT_LITERAL(ONE(PKL_TENSOR(PKL_FLOATS, "\0", "N\x85", "K\1\x85"))), QG_EFORMAT, "no integer"},
    {QT_LITERAL(ONE("ctorch._utils\n_rebuild_tensor_v2\n(" PKL_FLOATS
                    "J\xff\xff\xff\xffK\1\x85K\1\x85\x89}tR")),
     QG_EFORMAT, "a tensor begins at element -1"},
    {QT_LITERAL(ONE(PKL_TENSOR(PKL_FLOATS, "\0", "K\6\x85", ")"))), QG_EFORMAT,
     "a tensor has 1 sizes and 0 strides"},
    {QT_LITERAL(ONE(PKL_TENSOR(PKL_FLOATS, "\0", "(K\1K\1K\1K\1K\1K\1K\1K\1K\1t",
                               "(K\1K\1K\1K\1K\1K\1K\1K\1K\1t"))),
     QG_EFORMAT, "a tensor has 9 sizes and 9 strides, at most 8 of each"},
    {QT_LITERAL(ONE(
         PKL_TENSOR(PKL_FLOATS, "\0", "\x8a\6\0\0\0\0\0\1\x8a\6\0\0\0\0\0\1\x86", "K\0K\0\x86"))),
     QG_EFORMAT, "a: the product of the sizes overflows"},
    {QT_LITERAL(ONE(PKL_TENSOR(PKL_FLOATS, "\0", "\x8a\6\0\0\0\0\0\1\x85", "K\0\x85"))), QG_EFORMAT,
     "a: this view takes 4398046511104 bytes when copied"},
    {QT_LITERAL(ONE(PKL_TENSOR(PKL_STORAGE("FloatStorage", "7", "\6\0\0\0"), "\0", ")", ")"))),
     QG_EFORMAT, "a: its storage 'm/data/7' is not in the archive"},
    {QT_LITERAL(ONE(PKL_TENSOR(PKL_STORAGE("FloatStorage", "0", "\7\0\0\0"), "\0", ")", ")"))),
     QG_EFORMAT, "a: its storage 'm/data/0' has 24 bytes, 7 elements of F32 are expected"},
    {QT_LITERAL(ONE(PKL_TENSOR(PKL_STORAGE("DoubleStorage", "0", "\6\0\0\0"), "\0", ")", ")"))),
     QG_EFORMAT, "6 elements of F64 are expected"},
    {QT_LITERAL(PKL_BEGIN PKL_DICT(PKL_TEXT("\3", "a\0b") SCALAR) "."), QG_EFORMAT,
     "the name of a tensor has a NUL"},
    {QT_LITERAL(PKL_BEGIN PKL_DICT(PKL_TEXT("\1", "a") SCALAR PKL_TEXT("\1", "a") SCALAR) "."),
     QG_EFORMAT, "a: this tensor occurs twice"},
};

static void tensors_that_lie_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_tensors / sizeof bad_tensors[0]; i++) {
        qt_torch_zip(&file, bad_tensors[i].pickle, bad_tensors[i].size);
        refuse(&file, bad_tensors[i].code, bad_tensors[i].piece);
    }
}

/* Nested lists of ten references each: 10^20 elements if somebody counted them. */
static void shared_and_recursive_values_cost_nothing(void **state)
{
    (void)state;
    qt_bytes p = {.n = 0};
    qt_add(&p, QT_LITERAL(PKL_BEGIN "]Naq\0"));
    for (int level = 1; level <= 20; level++) {
        qt_add(&p, "(", 1);
        for (int i = 0; i < 10; i++) {
            qt_add(&p, "h", 1);
            qt_add_number(&p, (uint64_t)level - 1, 1);
        }
        qt_add(&p, "tq", 2);
        qt_add_number(&p, (uint64_t)level, 1);
        qt_add(&p, "\x86", 1);
    }
    qt_add(&p, ".", 1);
    qt_torch_zip(&file, p.data, p.n);
    refuse(&file, QG_EFORMAT, "holds a tuple without a dict of tensors");

    qt_torch_zip(&file, QT_LITERAL(PKL_BEGIN "}q\0X\4\0\0\0selfh\0s."));
    refuse(&file, QG_EFORMAT, "holds a dict without a dict of tensors");
    qt_torch_zip(&file, QT_LITERAL(PKL_BEGIN "]q\0h\0a."));
    refuse(&file, QG_EFORMAT, "holds a list without");
    qt_torch_zip(&file, QT_LITERAL(PKL_BEGIN "}q\0(X\4\0\0\0selfh\0X\5\0\0\0model" PKL_STATE "u."));
    check_state(&file);
}

static void endless_pickles_are_cut(void **state)
{
    (void)state;
    size_t n = (3u << 20) + 15 + 6 + 23;
    unsigned char *p = malloc(n);
    assert_non_null(p);
    memset(p, '}', n);
    memcpy(p, PKL_MAGIC PKL_PROTOCOL PKL_SYSTEM, sizeof(PKL_MAGIC PKL_PROTOCOL PKL_SYSTEM) - 1);
    qt_write(qt_tmp("model.bin"), p, n);
    free(p);
    qg_weights *w;
    qt_fails(qg_weights_open(&w, qt_tmp("model.bin")), QG_EFORMAT, "more than 2097152 operations",
             NULL);
}

static void truncated_files_are_refused_at_every_length(void **state)
{
    (void)state;
    qg_weights *w;
    for (int legacy = 0; legacy < 2; legacy++) {
        (legacy ? qt_torch_legacy : qt_torch_zip)(&file, QT_LITERAL(PKL_GOOD));
        while (file.n-- > 0)
            if (open_bytes(&w, &file) == QG_OK)
                fail_msg("%zu bytes were enough", file.n);
    }
}

static void bad_archives_are_refused(void **state)
{
    (void)state;
    qt_torch_zip(&file, QT_LITERAL(PKL_GOOD));
    file.data[qt_where(&file, QT_LITERAL("m/data.pkl"), 0) + 20] ^= 1;
    refuse(&file, QG_EFORMAT, "m/data.pkl: this entry is damaged: its CRC-32 is");
    qt_torch_zip(&file, QT_LITERAL(PKL_GOOD));
    file.data[qt_where(&file, qt_torch_a, sizeof qt_torch_a, 0)] ^= 1;
    refuse(&file, QG_EFORMAT, "m/data/0: this entry is damaged");

    const qt_entry pickle = {"m/data.pkl", QT_LITERAL(PKL_GOOD)};
    qt_zip(&file, (qt_entry[]){{"m/version", "3\n", 2}}, 1);
    refuse(&file, QG_EFORMAT, "a zip archive without data.pkl is not a torch checkpoint");
    qt_zip(&file, (qt_entry[]){pickle, {"n/data.pkl", "x", 1}}, 2);
    refuse(&file, QG_EFORMAT, "n/data.pkl: a second data.pkl beside m/data.pkl");
    qt_zip(&file, (qt_entry[]){pickle, {"m/byteorder", "big", 3}}, 2);
    refuse(&file, QG_EUNSUPPORTED, "only little-endian checkpoints are read");
    qt_zip(&file,
           (qt_entry[]){pickle,
                        {"m/data/0", qt_torch_a, sizeof qt_torch_a},
                        {"m/data/1", qt_torch_h, sizeof qt_torch_h},
                        {"m/byteorder", "little", 6}},
           4);
    check_state(&file);
}

/* Replaces a piece of a good legacy file and expects to be refused. */
static void spoil(const char *from, size_t from_size, const char *to, size_t to_size, qg_code code,
                  const char *piece)
{
    qt_bytes b = {.n = 0};
    qt_torch_legacy(&file, QT_LITERAL(PKL_GOOD));
    size_t at = qt_where(&file, from, from_size, 0);
    qt_add(&b, file.data, at);
    qt_add(&b, to, to_size);
    qt_add(&b, file.data + at + from_size, file.n - at - from_size);
    refuse(&b, code, piece);
}

static void bad_legacy_files_are_refused(void **state)
{
    (void)state;
#define SPOIL(from, to, code, piece) spoil(QT_LITERAL(from), QT_LITERAL(to), code, piece)
    SPOIL(PKL_MAGIC, "\x80\x02].", QG_EFORMAT, "a pickle of a list, without torch's magic number");
    SPOIL("\x50\x19.", "\x50\x18.", QG_EFORMAT, "without torch's magic number");
    SPOIL(PKL_PROTOCOL, "\x80\x02K\1.", QG_EUNSUPPORTED, "protocol of this torch file is not 1001");
    SPOIL(PKL_SYSTEM, "\x80\x02N.", QG_EFORMAT, "the system facts of this torch file are missing");
    SPOIL("endian\x88", "endian\x89", QG_EUNSUPPORTED, "only little-endian checkpoints");
    SPOIL(PKL_SYSTEM,
          "\x80\x02"
          "cos\nsystem\n.",
          QG_EUNSUPPORTED, "global 'os.system'");
    SPOIL(PKL_SYSTEM, "\x80\x02NQ.", QG_EFORMAT, "a persistent id is not expected here");
    SPOIL(PKL_KEYS, "\x80\x02N.", QG_EFORMAT, "None in the place of the list of storages");
    SPOIL(PKL_KEYS,
          "\x80\x02]K\1"
          "a.",
          QG_EFORMAT, "a storage's key is an integer");
    SPOIL(PKL_KEYS,
          "\x80\x02]X\1\0\0\0"
          "9a.",
          QG_EFORMAT, "storage '9' belongs to no tensor");
    SPOIL(PKL_KEYS,
          "\x80\x02](X\1\0\0\0"
          "0X\1\0\0\0"
          "0e.",
          QG_EFORMAT, "storage '0' occurs twice");
    SPOIL(PKL_KEYS,
          "\x80\x02]X\1\0\0\0"
          "0a.",
          QG_EFORMAT, "12 bytes follow the last storage");
    SPOIL("\6\0\0\0\0\0\0\0", "\7\0\0\0\0\0\0\0", QG_EFORMAT,
          "storage '0' has 7 elements, 6 are expected");
    SPOIL("HalfStorage\nX\1\0\0\0"
          "1",
          "HalfStorage\nX\1\0\0\0"
          "0",
          QG_EFORMAT, "storage '0' ");
#undef SPOIL
    qt_torch_legacy(&file, QT_LITERAL(PKL_GOOD));
    file.n -= 1;
    refuse(&file, QG_EFORMAT, "storage '1' of 2 F16 does not fit the file: is it truncated?");
    file.n -= 8;
    refuse(&file, QG_EFORMAT, "the file ends before storage '1'");
    qt_torch_legacy(&file, QT_LITERAL(PKL_GOOD));
    file.n = qt_where(&file, QT_LITERAL(PKL_KEYS), 0);
    qt_add(&file, QT_LITERAL("\x80\x02]."));
    refuse(&file, QG_EFORMAT, "a: its storage '0' is not in the file");
}

static void other_files_are_named(void **state)
{
    (void)state;
    static const char lfs[] = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    file.n = 0;
    refuse(&file, QG_EFORMAT, "0 bytes, of which the first is 0x00, are neither");
    qt_add(&file, "<html>", 6);
    refuse(&file, QG_EFORMAT, "the first is 0x3c, are neither a zip archive nor a pickle");
    file.n = 0;
    qt_add(&file, lfs, sizeof lfs - 1);
    refuse(&file, QG_EFORMAT,
           "is a git-lfs pointer of 64 bytes, not the weights: type 'git lfs pull'");
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
    snprintf(path, sizeof path, "%s", qt_tmp("model.bin"));
    for (int legacy = 0; legacy < 2; legacy++) {
        (legacy ? qt_torch_legacy : qt_torch_zip)(&file, QT_LITERAL(PKL_GOOD));
        qt_write(path, file.data, file.n);
        qt_torture(open_in_arena, path);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(zip_and_legacy_files_give_the_same_tensors),
    cmocka_unit_test(the_model_is_found_inside_a_training_checkpoint),
    cmocka_unit_test(numbers_of_numpy_and_types_beside_the_model_are_passed_over),
    cmocka_unit_test(rarer_ways_to_write_a_tensor_are_read),
    cmocka_unit_test(hostile_pickles_are_refused_by_name),
    cmocka_unit_test(tensors_that_lie_are_refused),
    cmocka_unit_test(shared_and_recursive_values_cost_nothing),
    cmocka_unit_test(endless_pickles_are_cut),
    cmocka_unit_test(truncated_files_are_refused_at_every_length),
    cmocka_unit_test(bad_archives_are_refused),
    cmocka_unit_test(bad_legacy_files_are_refused),
    cmocka_unit_test(other_files_are_named),
    cmocka_unit_test(every_failing_allocation_is_survived),
};
QT_MAIN("torch", tests)
