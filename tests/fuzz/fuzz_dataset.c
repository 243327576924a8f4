/*
 * fuzz_dataset.c - data sets: the first byte says format, what to do with bad rows and how texts
 * are cleaned, the others are the file. What comes out is valid, or an error that names the file.
 */
#include "fuzz.h"

#include "qgrid/dataset.h"
#include "qgrid/str.h"

#include <string.h>

static const char *const labels[] = {"positive", "neutral", "negative", NULL};

static void check_dataset(const qg_dataset *ds)
{
    FUZZ_CHECK(ds->n > 0);
    FUZZ_CHECK(ds->records == ds->n + ds->skipped + ds->empty);
    for (int64_t i = 0; i < ds->n; i++) {
        FUZZ_CHECK(ds->label[i] >= -1 && ds->label[i] < 3);
        FUZZ_CHECK(ds->text_len[i] > 0 && strlen(ds->text[i]) == ds->text_len[i]);
        FUZZ_CHECK(qg_utf8_check(ds->text[i], ds->text_len[i]) == ds->text_len[i]);
        FUZZ_CHECK(ds->line[i] >= (i ? ds->line[i - 1] : 1));
        FUZZ_CHECK(ds->sample_id[i] != NULL);
    }
    for (int i = 0; i < ds->skipped_listed; i++)
        FUZZ_CHECK(ds->skipped_rows[i].line > 0 && ds->skipped_rows[i].code == QG_EFORMAT);
}

int FUZZ_ONE(const uint8_t *data, size_t size)
{
    int formats = 0;
    while (qg_formats[formats])
        formats++;
    if (size == 0)
        return 0;
    qg_arena *a = fuzz_arena();
    const char *path = fuzz_write("data", data + 1, size - 1);
    qg_dataset_spec spec = {.name = "x",
                            .path = path,
                            .format = qg_formats[data[0] % formats]->name,
                            .on_error = data[0] / formats % 2,
                            .rules = {.n = 1}};
    spec.rules.rule[0] = (qg_text_rule)(data[0] / formats / 2 % QG_TEXT_RULES);
    qg_dataset ds;
    qg_code rc = qg_dataset_load(&ds, a, &spec, labels);
    if (rc == QG_OK)
        check_dataset(&ds);
    else
        FUZZ_CHECK(rc == QG_EFORMAT && strcmp(qg_error_last()->path, path) == 0);
    (void)fuzz_worked(rc);
    qg_arena_destroy(a);
    return 0;
}
