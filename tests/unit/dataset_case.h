/*
 * dataset_case.h - a data set from the text of its file, for tests of how files are read.
 */
#ifndef QGRID_TEST_DATASET_CASE_H
#define QGRID_TEST_DATASET_CASE_H

#include "qt.h"

#include "qgrid/dataset.h"

#include <string.h>

static const char *const labels[] = {"positive", "neutral", "negative", NULL};

static qg_code load(qg_dataset *ds, qg_arena *a, qg_dataset_spec spec, const char *text,
                    size_t size)
{
    spec.path = qt_tmp("data");
    spec.name = "ds";
    qt_write(spec.path, text, size);
    return qg_dataset_load(ds, a, &spec, labels);
}

#define SPEC(...)               ((qg_dataset_spec){__VA_ARGS__})
#define LOAD(ds, a, spec, text) load((ds), (a), (spec), (text), sizeof(text) - 1)

static inline const qg_json *object(qg_arena *a, const char *text)
{
    qg_json_doc doc;
    qt_ok(qg_json_parse(&doc, a, "job.json", text, strlen(text)));
    return doc.root;
}

static inline void row_is(const qg_dataset *ds, int64_t i, const char *text, int label,
                          const char *id, int64_t line)
{
    assert_true(i < ds->n);
    assert_string_equal(ds->text[i], text);
    qt_eq("length", (long long)ds->text_len[i], (long long)strlen(text));
    qt_eq("label", ds->label[i], label);
    assert_string_equal(ds->sample_id[i], id);
    qt_eq("line", ds->line[i], line);
}

#endif
