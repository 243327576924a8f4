/*
 * normalize.c - the rules of a data set's texts: their names, and one after the other applied.
 */
#include "qgrid/normalize.h"

#include "rules.h"

#include <string.h>

static const char *const names[] = {
#define QG_TEXT_RULE(id, name, help) #name,
#include "qgrid/text_rules.def"
#undef QG_TEXT_RULE
    NULL};

static const struct {
    qg_text_rule_fn *apply;
    const char *help;
} rules[] = {
#define QG_TEXT_RULE(id, name, help) {qg_rule_##name, help},
#include "qgrid/text_rules.def"
#undef QG_TEXT_RULE
};

const char *const *qg_text_rule_names(void)
{
    return names;
}

const char *qg_text_rule_help(qg_text_rule rule)
{
    return rules[rule].help;
}

static qg_code add(qg_normalization *out, const qg_json_doc *doc, const qg_json *v)
{
    char known[200];
    if (v->type != QG_JSON_STRING)
        return QG_JSON_FAIL(doc, v, QG_EJOB, "found %s, the name of a text rule is expected",
                            qg_json_kind(v));
    for (int i = 0; i < QG_TEXT_RULES; i++) {
        if (strcmp(v->string, names[i]) != 0)
            continue;
        if (out->n == QG_MOST_TEXT_RULES)
            return QG_JSON_FAIL(doc, v, QG_EJOB, "more than %d text rules", QG_MOST_TEXT_RULES);
        if (i != QG_TEXT_NONE)
            out->rule[out->n++] = (qg_text_rule)i;
        return QG_OK;
    }
    return QG_JSON_FAIL(doc, v, QG_EJOB, "'%s' is not one of: %s", v->string,
                        qg_join_names(known, sizeof known, names));
}

qg_code qg_normalization_read(qg_normalization *out, const qg_json_doc *doc, const qg_json *v)
{
    *out = (qg_normalization){0};
    if (!v)
        return QG_OK;
    if (v->type != QG_JSON_ARRAY)
        return add(out, doc, v);
    for (const qg_json *one = v->child; one; one = one->next)
        QG_TRY(add(out, doc, one));
    return QG_OK;
}

char *qg_normalization_name(qg_arena *a, const qg_normalization *how)
{
    char *text = qg_arena_strdup(a, how->n > 0 ? names[how->rule[0]] : names[QG_TEXT_NONE]);
    for (int i = 1; i < how->n && text; i++)
        text = qg_arena_printf(a, "%s %s", text, names[how->rule[i]]);
    return text;
}

int32_t qg_rule_next(const char *s, size_t left, int *width)
{
    *width = qg_utf8_width((unsigned char)*s);
    if ((size_t)*width <= left && qg_utf8_check(s, (size_t)*width) == (size_t)*width)
        return qg_utf8_decode(s, width);
    *width = 1;
    return 0xfffd;
}

char *qg_normalize_text(qg_arena *a, const qg_normalization *how, const char *text, size_t len,
                        size_t *out_len)
{
    qg_str made[2] = {{0}, {0}};
    bool failed = false;
    for (int i = 0; i < how->n && !failed; i++) {
        qg_str *to = &made[i % 2];
        qg_str_clear(to);
        rules[how->rule[i]].apply(to, text, len);
        failed = to->failed;
        text = to->len ? to->data : "";
        len = to->len;
    }
    char *out = failed ? NULL : qg_arena_strndup(a, text, len);
    *out_len = len;
    qg_str_fini(&made[0]);
    qg_str_fini(&made[1]);
    return out;
}

bool qg_text_is_empty(const char *text, size_t len)
{
    int width;
    for (size_t i = 0; i < len; i += (size_t)width) {
        int32_t c = qg_rule_next(text + i, len - i, &width);
        if (!qg_is_white_space(c) && !qg_is_control(c))
            return false;
    }
    return true;
}
