/*
 * precision_argument.c - "-p int8 --embeddings fp16" read as a job's {"precision": ..., ...}.
 */
#include "precision_argument.h"

#include "qgrid/str.h"

#include <string.h>

static void add_member(qg_str *s, const char *before, const char *key, const char *value)
{
    if (!value)
        return;
    qg_str_addf(s, "%s\"%s\":", before, key);
    qg_str_add_json(s, value, strlen(value));
}

qg_code qg_precision_argument(qg_precision_spec *out, qg_arena *a, const qg_precision_words *said)
{
    qg_str text = {0};
    qg_problems problems = {.arena = a};
    qg_json_doc *doc;
    QG_NEW(doc, a, 1);
    add_member(&text, "{", "precision", said->precision);
    add_member(&text, ",", "embeddings", said->embeddings);
    add_member(&text, ",", "parameters", said->parameters);
    qg_str_add(&text, "}");
    char *kept = text.failed ? NULL : qg_arena_strdup(a, text.data);
    qg_str_fini(&text);
    if (!kept)
        return QG_ENOMEM;
    QG_TRY(qg_json_parse(doc, a, "command line", kept, strlen(kept)));
    qg_code rc = qg_precision_spec_read(out, doc, doc->root, &problems);
    if (rc == QG_OK || problems.n == 0)
        return rc;
    /* Nobody wrote that object: "/precision" is what an option said. */
    const qg_error *e = &problems.item[0];
    return QG_FAIL_AT(e->code, NULL, 0, 0, e->field[0] == '/' ? e->field + 1 : e->field, "%s",
                      e->msg);
}
