/*
 * store_sample.h - a small layout with every element type, scales, texts, an empty dimension and a
 * group that has attributes only.
 */
#ifndef QT_STORE_SAMPLE_H
#define QT_STORE_SAMPLE_H

#include "qgrid/store.h"

#define SAMPLE_GROUP "/predictions/mini/smsa/int8"

enum { SAMPLE_ROWS = 5, SAMPLE_CLASSES = 3, SAMPLE_TEXT = 24 };

static const int64_t sample_rows[SAMPLE_ROWS] = {0, 1, 2, 3, 4};
static const char sample_classes[SAMPLE_CLASSES][8] = {"positive", "neutral", "negative"};
static const char sample_texts[SAMPLE_ROWS][SAMPLE_TEXT] = {
    "enak sekali", "biasa saja", "", "caf\xc3\xa9 \xf0\x9f\x98\x80", "exactly twenty-four byte"};

static const qg_field sample_fields[] = {
    {.path = "/datasets/smsa/row",
     .type = QG_STORE_I64,
     .ndim = 1,
     .shape = {SAMPLE_ROWS},
     .scale = true,
     .initial = sample_rows},
    {.path = "/datasets/smsa/text",
     .type = QG_STORE_STRING,
     .string_size = SAMPLE_TEXT,
     .ndim = 1,
     .shape = {SAMPLE_ROWS},
     .dim = {"/datasets/smsa/row"},
     .doc = "normalised text",
     .initial = sample_texts},
    {.path = "/datasets/smsa/token",
     .type = QG_STORE_I64,
     .ndim = 1,
     .shape = {0},
     .scale = true,
     .initial = sample_rows},
    {.path = "/datasets/smsa/token_id",
     .type = QG_STORE_I32,
     .ndim = 1,
     .shape = {0},
     .dim = {"/datasets/smsa/token"},
     .fill = -1,
     .fill_set = true},
    {.path = SAMPLE_GROUP "/row",
     .type = QG_STORE_I64,
     .ndim = 1,
     .shape = {SAMPLE_ROWS},
     .dim = {SAMPLE_GROUP "/row"},
     .scale = true,
     .initial = sample_rows},
    {.path = SAMPLE_GROUP "/class",
     .type = QG_STORE_STRING,
     .string_size = 8,
     .ndim = 1,
     .shape = {SAMPLE_CLASSES},
     .scale = true,
     .initial = sample_classes},
    {.path = SAMPLE_GROUP "/logits",
     .type = QG_STORE_F32,
     .ndim = 2,
     .shape = {SAMPLE_ROWS, SAMPLE_CLASSES},
     .dim = {SAMPLE_GROUP "/row", SAMPLE_GROUP "/class"},
     .units = "logit",
     .doc = "output of the classifier"},
    {.path = SAMPLE_GROUP "/probabilities",
     .type = QG_STORE_F64,
     .ndim = 2,
     .shape = {SAMPLE_ROWS, SAMPLE_CLASSES},
     .dim = {SAMPLE_GROUP "/row", SAMPLE_GROUP "/class"},
     .units = "probability"},
    {.path = SAMPLE_GROUP "/predicted",
     .type = QG_STORE_I32,
     .ndim = 1,
     .shape = {SAMPLE_ROWS},
     .dim = {SAMPLE_GROUP "/row"},
     .fill = -1,
     .fill_set = true},
    {.path = SAMPLE_GROUP "/state",
     .type = QG_STORE_U8,
     .ndim = 1,
     .shape = {SAMPLE_ROWS},
     .dim = {SAMPLE_GROUP "/row"}},
    {.path = SAMPLE_GROUP "/sign",
     .type = QG_STORE_I8,
     .ndim = 1,
     .shape = {SAMPLE_ROWS},
     .dim = {SAMPLE_GROUP "/row"},
     .fill = -128,
     .fill_set = true},
    {.path = SAMPLE_GROUP "/checksum",
     .type = QG_STORE_U64,
     .ndim = 1,
     .shape = {SAMPLE_ROWS},
     .dim = {SAMPLE_GROUP "/row"}},
    {.path = "/metrics/mini/smsa/int8/accuracy", .type = QG_STORE_F64, .doc = "right / all"},
    {.path = "/timing/host", .type = QG_STORE_STRING, .string_size = 16},
};

static const qg_attr sample_attrs[] = {
    {"/", "qgrid_version", "0.1.0", 0, false},
    {"/", "schema_version", NULL, 1, true},
    {"/", "share", NULL, 0.25, false},
    {"/environment", "commit", "0123abcd", 0, false},
    {"/environment", "nothing", "", 0, false},
    {SAMPLE_GROUP, "experiment", "finetuned_smsa", 0, false},
    {SAMPLE_GROUP "/logits", "source_dtype", "float32", 0, false},
};

static const qg_layout sample_layout = {
    .field = sample_fields,
    .n_fields = sizeof sample_fields / sizeof sample_fields[0],
    .attr = sample_attrs,
    .n_attrs = sizeof sample_attrs / sizeof sample_attrs[0],
};

#endif
