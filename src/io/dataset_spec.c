/*
 * dataset_spec.c - one "datasets" entry of a job.
 */
#include "qgrid/dataset.h"

#include "io/dataset_rows.h"

#include "qgrid/str.h"

#include <string.h>
#include <strings.h>

static const char *const encoding_names[] = {"utf-8", "utf-16", "latin-1", "cp1252", NULL};
static const char *const quoting_names[] = {"format", "double", "none", NULL};
static const char *const on_error_names[] = {"fail", "skip", NULL};

#define FIELD(f) offsetof(qg_dataset_spec, f)

const qg_opt qg_dataset_opts[] = {
    {"path", QG_OPT_STRING, FIELD(path), .help = "the file, relative to the working directory"},
    {"from", QG_OPT_STRING, FIELD(from),
     .help = "in place of a file: a name of datasets whose rows it is made of"},
    {"perturb", QG_OPT_NODE, FIELD(perturb),
     .help = "with from: object, one of qgrid list perturbations: chance in [0, 1]"},
    {"seed", QG_OPT_INT, FIELD(noise.seed), .def = 42, .min = 0, .max = QG_JSON_MOST_INTEGER,
     .help = "with perturb: of what is drawn"},
    {"format", QG_OPT_STRING, FIELD(format),
     .help = "see qgrid list formats; without it the extension of the path decides"},
    {"normalize", QG_OPT_NODE, FIELD(normalize),
     .help = "one of qgrid list rules, or a list of them in their order, for every stage"},
    {"on_error", QG_OPT_ENUM, FIELD(on_error), .names = on_error_names,
     .help = "stop at a bad row, or leave it out and list it"},
    {"encoding", QG_OPT_ENUM, FIELD(encoding), .names = encoding_names,
     .help = "what the bytes of the file mean"},
    {"text_column", QG_OPT_STRING, FIELD(text_column), .help = "column or key of the text"},
    {"label_column", QG_OPT_STRING, FIELD(label_column), .help = "column or key of the label"},
    {"label_columns", QG_OPT_NODE, FIELD(label_columns),
     .help = "columns or keys of several labels: the label that more than half of them name"},
    {"min_votes", QG_OPT_INT, FIELD(min_votes), .def = 1, .min = 1, .max = QG_MOST_VOTES,
     .help = "of label_columns: rows with fewer labels are left out"},
    {"id_column", QG_OPT_STRING, FIELD(id_column),
     .help = "column or key of the sample id; without it the record number"},
    {"group_column", QG_OPT_STRING, FIELD(group_column),
     .help = "column or key of a group, by which metrics and drift are given, too"},
    {"delimiter", QG_OPT_STRING, FIELD(delimiter), .help = "between columns, one ASCII character"},
    {"quoting", QG_OPT_ENUM, FIELD(quoting), .names = quoting_names,
     .help = "double: fields may be in double quotes; none: quotes are characters; format: none "
             "in smsa, else double"},
    {"label_map", QG_OPT_NODE, FIELD(label_map),
     .help = "object: value in the file -> label of the job"},
    {"split", QG_OPT_NODE, FIELD(split),
     .help =
         "object: part -> share of the rows of each label, and seed (42); a data set NAME_PART of "
         "each"},
    {"part", QG_OPT_STRING, FIELD(part),
     .help = "of split: this part alone, under the entry's name"},
    {"sample", QG_OPT_NODE, FIELD(sample),
     .help = "object: count, fraction or per_class, and seed (42): rows chosen at random"},
    QG_OPT_END,
};

const qg_opt qg_dataset_sample_opts[] = {
    {"count", QG_OPT_INT, FIELD(sampling.count), .min = 1, .max = QG_JSON_MOST_INTEGER,
     .help = "rows"},
    {"fraction", QG_OPT_REAL, FIELD(sampling.fraction), .min = 0, .max = 1,
     .help = "share of the rows, rounded, at least one"},
    {"per_class", QG_OPT_INT, FIELD(sampling.per_class), .min = 1, .max = QG_JSON_MOST_INTEGER,
     .help = "rows of each label"},
    {"seed", QG_OPT_INT, FIELD(sampling.seed), .def = 42, .min = 0, .max = QG_JSON_MOST_INTEGER,
     .help = "of the random choice"},
    QG_OPT_END,
};

static qg_code check_sample(const qg_dataset_spec *spec, const qg_json_doc *doc)
{
    static const char *const ways[] = {"count", "fraction", "per_class"};
    const char *first = NULL;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        const qg_json *v = qg_json_get(spec->sample, ways[i]);
        if (v && first)
            return QG_JSON_FAIL(doc, v, QG_EJOB, "'%s' and '%s' exclude each other", first,
                                ways[i]);
        if (v)
            first = ways[i];
    }
    if (!first)
        return QG_JSON_FAIL(doc, spec->sample, QG_EJOB,
                            "one of these is missing: count, fraction, per_class");
    const qg_json *share = qg_json_get(spec->sample, "fraction");
    if (share && share->type == QG_JSON_NUMBER && share->number == 0)
        return QG_JSON_FAIL(doc, share, QG_EJOB, "0 rows are no sample, above 0 is expected");
    return QG_OK;
}

/* Two columns or more, each once. */
static qg_code read_label_columns(qg_dataset_spec *spec, qg_arena *a, const qg_json_doc *doc)
{
    const qg_json *v = spec->label_columns;
    const char **name;
    if (v->type != QG_JSON_ARRAY || v->count < 2 || v->count > QG_MOST_VOTES)
        return QG_JSON_FAIL(doc, v, QG_EJOB, "an array of 2 to %d columns is expected",
                            QG_MOST_VOTES);
    if (spec->label_column)
        return QG_JSON_FAIL(doc, v, QG_EJOB,
                            "'label_column' and 'label_columns' exclude each other");
    QG_NEW(name, a, v->count);
    for (const qg_json *m = v->child; m; m = m->next) {
        if (m->type != QG_JSON_STRING)
            return QG_JSON_FAIL(doc, m, QG_EJOB, "found %s, the name of a column is expected",
                                qg_json_kind(m));
        for (int i = 0; i < spec->n_votes; i++)
            if (strcmp(name[i], m->string) == 0)
                return QG_JSON_FAIL(doc, m, QG_EJOB, "column '%s' occurs twice", m->string);
        name[spec->n_votes++] = m->string;
    }
    spec->vote = name;
    return QG_OK;
}

static qg_code check_label_map(const qg_json *map, const qg_json_doc *doc, bool votes)
{
    if (map->type != QG_JSON_OBJECT)
        return QG_JSON_FAIL(doc, map, QG_EJOB, "found %s, an object is expected",
                            qg_json_kind(map));
    for (const qg_json *m = map->child; m; m = m->next)
        if (m->type != QG_JSON_STRING && !(votes && m->type == QG_JSON_NULL))
            return QG_JSON_FAIL(doc, m, QG_EJOB, "found %s, the name of a label%s is expected",
                                qg_json_kind(m), votes ? ", or null for no vote," : "");
    return QG_OK;
}

static qg_code check_delimiter(const qg_json *v, const qg_json_doc *doc)
{
    const char *d = v->type == QG_JSON_STRING ? v->string : ",";
    unsigned char c = (unsigned char)d[0];
    if (strlen(d) != 1 || c >= 0x80 || strchr("\"\r\n", c))
        return QG_JSON_FAIL(doc, v, QG_EJOB,
                            "'%s' is not one ASCII character other than a quote or a line end", d);
    return QG_OK;
}

/* Keys that only some formats take. */
static qg_code check_taken(const qg_format *format, const char *key, const qg_json *object,
                           const qg_json_doc *doc)
{
    const qg_json *v = qg_json_get(object, key);
    size_t n = strlen(key);
    const char *p = v ? format->options : NULL;
    while (p && (p = strstr(p, key))) {
        if ((p == format->options || p[-1] == ' ') && (p[n] == ' ' || p[n] == 0))
            return QG_OK;
        p += n;
    }
    return v ? QG_JSON_FAIL(doc, v, QG_EJOB, "format '%s' does not take '%s'", format->name, key)
             : QG_OK;
}

/* Files that people have texts in and that are not read: how they become one that is. */
static const struct {
    const char *extension, *how;
} converted[] = {
    {".parquet", "pandas.read_parquet(FILE).to_csv(\"texts.csv\", index=False)"},
    {".feather", "pandas.read_feather(FILE).to_csv(\"texts.csv\", index=False)"},
    {".xlsx", "save the sheet as CSV UTF-8"},
    {".xls", "save the sheet as CSV UTF-8"},
    {".ods", "save the sheet as CSV"},
    {".json", "pandas.read_json(FILE).to_json(\"texts.jsonl\", orient=\"records\", lines=True)"},
    {".pkl", "pandas can read it where it was written: to_csv(\"texts.csv\", index=False)"},
};

static const char *conversion_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof converted / sizeof converted[0]; i++)
        if (strcasecmp(dot, converted[i].extension) == 0)
            return converted[i].how;
    return NULL;
}

static qg_code unknown_format(const qg_dataset_spec *spec, const qg_json_doc *doc,
                              const qg_json *object)
{
    const char *names[32];
    char known[200];
    int n = 0;
    for (; n < 31 && qg_formats[n]; n++)
        names[n] = qg_formats[n]->name;
    names[n] = NULL;
    qg_join_names(known, sizeof known, names);
    const char *how = spec->format ? NULL : conversion_of(spec->path);
    if (how)
        return QG_JSON_FAIL(doc, object, QG_EJOB,
                            "files like '%s' are not read, tables of text and JSON lines are: %s",
                            spec->path, how);
    if (!spec->format)
        return QG_JSON_FAIL(doc, object, QG_EJOB,
                            "the extension of '%s' names no format; set 'format' to one of: %s",
                            spec->path, known);
    return QG_JSON_FAIL(doc, qg_json_get(object, "format"), QG_EJOB,
                        "format '%s' is not one of: %s", spec->format, known);
}

static qg_code check_format(qg_dataset_spec *spec, const qg_json_doc *doc, const qg_json *object,
                            qg_problems *problems)
{
    static const char *const some[] = {"text_column",  "label_column",  "id_column",
                                       "group_column", "delimiter",     "quoting",
                                       "label_map",    "label_columns", "min_votes"};
    const qg_format *format =
        spec->format ? qg_format_find(spec->format) : qg_format_of_path(spec->path);
    if (!format)
        return qg_problems_take(problems, unknown_format(spec, doc, object));
    spec->format = format->name;
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++)
        if (qg_problems_take(problems, check_taken(format, some[i], object, doc)) == QG_ENOMEM)
            return QG_ENOMEM;
    return QG_OK;
}

qg_code qg_dataset_sample_read(qg_dataset_spec *spec, const qg_json_doc *doc, const qg_json *v,
                               qg_problems *problems)
{
    spec->sample = v;
    if (qg_opt_read(spec, qg_dataset_sample_opts, doc, v, problems) == QG_ENOMEM)
        return QG_ENOMEM;
    return v && v->type == QG_JSON_OBJECT ? qg_problems_take(problems, check_sample(spec, doc))
                                          : QG_OK;
}

/* What is of a file has no place beside `from`, and the other way round. */
static qg_code check_source(const qg_dataset_spec *spec, const qg_json_doc *doc,
                            const qg_json *object)
{
    static const char *const derived[] = {"from", "perturb", "seed", "sample", NULL};
    const qg_json *perturb = spec->perturb, *seed = qg_json_get(object, "seed");
    if (!spec->from && !spec->path)
        return QG_JSON_FAIL(doc, object, QG_EJOB,
                            "key 'path' is missing, or 'from' in place of a file");
    if (!spec->from && (perturb || seed))
        return QG_JSON_FAIL(doc, perturb ? perturb : seed, QG_EJOB,
                            "is of a data set that is made from another one; its \"from\" lacks");
    if (!spec->from)
        return QG_OK;
    for (const qg_json *m = object->child; m; m = m->next) {
        bool takes = false;
        for (int i = 0; derived[i]; i++)
            takes = takes || strcmp(derived[i], m->key) == 0;
        if (!takes)
            return QG_JSON_FAIL(doc, m, QG_EJOB, "has no place beside \"from\": it is that of '%s'",
                                spec->from);
    }
    return QG_OK;
}

static qg_code read_split(qg_dataset_spec *spec, const qg_json_doc *doc, const qg_json *object)
{
    QG_TRY(qg_split_read(spec, doc));
    return spec->part ? qg_split_choose(spec, doc, qg_json_get(object, "part")) : QG_OK;
}

qg_code qg_dataset_spec_read(qg_dataset_spec *spec, const char *name, const qg_json_doc *doc,
                             const qg_json *object, qg_problems *problems)
{
    int before = problems->n;
    bool is_path = object->type == QG_JSON_STRING;
    *spec = (qg_dataset_spec){.name = name};
    if (qg_opt_read(spec, qg_dataset_opts, doc, is_path ? NULL : object, problems) == QG_ENOMEM)
        return QG_ENOMEM;
    if (is_path)
        spec->path = object->string;
    if (!is_path && object->type == QG_JSON_OBJECT)
        (void)qg_problems_take(problems, check_source(spec, doc, object));
    if (spec->perturb)
        (void)qg_problems_take(problems, qg_noise_read(&spec->noise, doc, spec->perturb));
    if (qg_dataset_sample_read(spec, doc, spec->sample, problems) == QG_ENOMEM)
        return QG_ENOMEM;
    (void)qg_problems_take(problems, qg_normalization_read(&spec->rules, doc, spec->normalize));
    if (spec->split)
        (void)qg_problems_take(problems, read_split(spec, doc, object));
    else if (spec->part)
        (void)qg_problems_take(problems, QG_JSON_FAIL(doc, qg_json_get(object, "part"), QG_EJOB,
                                                      "is of a data set with \"split\""));
    if (spec->label_columns)
        (void)qg_problems_take(problems, read_label_columns(spec, problems->arena, doc));
    if (spec->label_map)
        (void)qg_problems_take(problems, check_label_map(spec->label_map, doc, spec->n_votes > 0));
    const qg_json *delimiter = qg_json_get(object, "delimiter");
    if (delimiter)
        (void)qg_problems_take(problems, check_delimiter(delimiter, doc));
    if (spec->path && !spec->from && check_format(spec, doc, object, problems) == QG_ENOMEM)
        return QG_ENOMEM;
    return problems->n > before ? QG_EJOB : QG_OK;
}

int qg_dataset_spec_find(const qg_dataset_spec *list, int n, const qg_json *v)
{
    for (int i = 0; v && v->type == QG_JSON_STRING && i < n; i++)
        if (strcmp(list[i].name, v->string) == 0)
            return i;
    return -1;
}
