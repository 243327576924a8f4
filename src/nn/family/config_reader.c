/*
 * config_reader.c - numbers, names and rates of config.json.
 */
#include "config_reader.h"

#include <math.h>
#include <string.h>

qg_code qg_config_whole(int *out, qg_config_reader *r, const char *key, int missing, int least,
                        int most)
{
    const qg_json *v = qg_json_get(r->doc.root, key);
    if (!v && missing < 0)
        return QG_FAIL_AT(QG_EFORMAT, r->doc.path, 0, 0, key, "this key is missing");
    if (!v || (v->type == QG_JSON_NULL && missing >= 0)) {
        *out = missing;
        return QG_OK;
    }
    if (v->type != QG_JSON_NUMBER || v->number != rint(v->number) || v->number < least ||
        v->number > most)
        return QG_JSON_FAIL(&r->doc, v, QG_EFORMAT, "an integer in [%d, %d] is expected", least,
                            most);
    *out = (int)v->number;
    return QG_OK;
}

qg_code qg_config_number(double *out, qg_config_reader *r, const char *key, double missing,
                         double most)
{
    const qg_json *v = qg_json_get(r->doc.root, key);
    *out = v ? v->number : missing;
    if (v && (v->type != QG_JSON_NUMBER || !(v->number > 0 && v->number < most)))
        return QG_JSON_FAIL(&r->doc, v, QG_EFORMAT, "a number in (0, %g) is expected", most);
    return QG_OK;
}

qg_code qg_config_rate(double *out, qg_config_reader *r, const char *key, double missing)
{
    const qg_json *v = qg_json_get(r->doc.root, key);
    *out = missing;
    if (!v || v->type == QG_JSON_NULL)
        return QG_OK;
    if (v->type != QG_JSON_NUMBER || !(v->number >= 0 && v->number < 1))
        return QG_JSON_FAIL(&r->doc, v, QG_EFORMAT, "a number in [0, 1) is expected");
    *out = v->number;
    return QG_OK;
}

qg_code qg_config_choice(int *out, qg_config_reader *r, const char *key, const char *const *known)
{
    char list[200];
    const qg_json *v = qg_json_get(r->doc.root, key);
    *out = 0;
    if (!v || v->type == QG_JSON_NULL)
        return QG_OK;
    for (; v->type == QG_JSON_STRING && known[*out]; (*out)++)
        if (strcmp(v->string, known[*out]) == 0)
            return QG_OK;
    return QG_JSON_FAIL(&r->doc, v, QG_EUNSUPPORTED, "%s is not supported, known are: %s",
                        v->type == QG_JSON_STRING ? v->string : qg_json_kind(v),
                        qg_join_names(list, sizeof list, known));
}
