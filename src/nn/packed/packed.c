/*
 * packed.c - names and sizes of what a packed folder holds.
 */
#include "qgrid/packed.h"

#include "qgrid/file.h"

#include <string.h>

qg_linear_name *qg_linear_names(qg_arena *a, const qg_bert_config *c, int *count)
{
    const struct {
        const char *part;
        int n, k;
    } parts[QG_LINEARS_PER_LAYER] = {
        {"attention.self.query", c->hidden, c->hidden},
        {"attention.self.key", c->hidden, c->hidden},
        {"attention.self.value", c->hidden, c->hidden},
        {"attention.output.dense", c->hidden, c->hidden},
        {"intermediate.dense", c->ffn, c->hidden},
        {"output.dense", c->hidden, c->ffn},
    };
    int n = QG_LINEARS_PER_LAYER * c->layers + 2;
    qg_linear_name *l = qg_arena_alloc(a, (size_t)n, sizeof *l);
    if (!l)
        return NULL;
    for (int i = 0; i < c->layers * QG_LINEARS_PER_LAYER; i++) {
        int p = i % QG_LINEARS_PER_LAYER;
        l[i].n = parts[p].n;
        l[i].k = parts[p].k;
        snprintf(l[i].name, sizeof l[i].name, "bert.encoder.layer.%d.%s", i / QG_LINEARS_PER_LAYER,
                 parts[p].part);
    }
    l[n - 2] = (qg_linear_name){"bert.pooler.dense", c->hidden, c->hidden};
    l[n - 1] = (qg_linear_name){"classifier", c->classes, c->hidden};
    *count = n;
    return l;
}

void qg_table_names(qg_table_name out[QG_TABLES], const qg_bert_config *c)
{
    out[0] = (qg_table_name){"bert.embeddings.word_embeddings.weight", c->vocab};
    out[1] = (qg_table_name){"bert.embeddings.position_embeddings.weight", c->positions};
    out[2] = (qg_table_name){"bert.embeddings.token_type_embeddings.weight", c->types};
}

char (*qg_norm_names(qg_arena *a, const qg_bert_config *c, int *count))[96]
{
    int n = 2 * c->layers + 1;
    char(*names)[96] = qg_arena_alloc(a, (size_t)n, sizeof *names);
    if (!names)
        return NULL;
    snprintf(names[0], sizeof names[0], "bert.embeddings.LayerNorm");
    for (int i = 1; i < n; i++)
        snprintf(names[i], sizeof names[i], "bert.encoder.layer.%d.%soutput.LayerNorm", (i - 1) / 2,
                 i % 2 ? "attention." : "");
    *count = n;
    return names;
}

static qg_code count_lines(int *out, const char *path)
{
    qg_map m;
    QG_TRY(qg_file_map(&m, path));
    const char *s = m.data;
    int64_t n = 0;
    for (size_t i = 0; i < m.size; i++)
        n += s[i] == '\n';
    if (m.size > 0 && s[m.size - 1] != '\n')
        n++;
    qg_file_unmap(&m);
    if (n == 0 || n > 1 << 24)
        return QG_FAIL_AT(QG_EFORMAT, path, 0, 0, NULL, "holds %lld vocabulary entries",
                          (long long)n);
    *out = (int)n;
    return QG_OK;
}

qg_code qg_vocabulary_entries(int *out, const char *dir)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/vocab.txt", dir);
    *out = -1;
    return qg_file_exists(path) ? count_lines(out, path) : QG_OK;
}

qg_code qg_tokenizer_copy(qg_arena *a, const char *to, const char *from)
{
    static const char *const files[] = {"vocab.txt", "tokenizer_config.json", "tokenizer.json",
                                        "special_tokens_map.json"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char *source = qg_path_join(a, from, files[i]);
        char *target = qg_path_join(a, to, files[i]);
        if (!source || !target)
            return QG_ENOMEM;
        if (qg_file_exists(source))
            QG_TRY(qg_file_copy(target, source));
    }
    return QG_OK;
}

bool qg_is_packed(const char *dir)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/qgrid.json", dir);
    return qg_file_exists(path);
}
