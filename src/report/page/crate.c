/*
 * crate.c - what is in the folder of a report, for programs: RO-Crate 1.1 metadata (JSON-LD).
 *
 * Dates are left out: none of them is a result.
 */
#include "page.h"
#include "report/figures/figure.h"
#include "report/format.h"

#include "qgrid/file.h"

#include <string.h>

typedef struct crate {
    qg_str parts, entities; /* of hasPart, of @graph */
    int n;
} crate;

static void string(qg_str *s, const char *text)
{
    qg_str_add_json(s, text, strlen(text));
}

static void pair(qg_str *s, const char *key, const char *value)
{
    qg_str_addf(s, ", \"%s\": ", key);
    string(s, value);
}

/* A file of the folder, with what makes it up beside its id. */
static void file(crate *c, const char *id, const char *name, const char *type,
                 const char *description)
{
    qg_str_add(&c->parts, c->n++ ? ", {\"@id\": " : "{\"@id\": ");
    string(&c->parts, id);
    qg_str_add(&c->parts, "}");
    qg_str_add(&c->entities, ",\n  {\"@id\": ");
    string(&c->entities, id);
    qg_str_add(&c->entities, ", \"@type\": \"File\"");
    pair(&c->entities, "name", name);
    pair(&c->entities, "encodingFormat", type);
    pair(&c->entities, "description", description);
    qg_str_add(&c->entities, "}");
}

static const char *type_of(const char *suffix)
{
    static const char *const types[][2] = {
        {"csv", "text/csv"},          {"numbers.csv", "text/csv"},
        {"json", "application/json"}, {"jsonl", "application/jsonl"},
        {"md", "text/markdown"},      {"tex", "application/x-tex"},
        {"svg", "image/svg+xml"},     {"pdf", "application/pdf"},
        {"html", "text/html"},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i][0], suffix) == 0)
            return types[i][1];
    return "text/plain";
}

/* A file below the folder, if it was written. */
static qg_code below(crate *c, const qg_page *p, const char *dir, const char *id,
                     const char *suffix, const char *name, const char *description)
{
    char *path = qg_path_join(p->r->arena, dir, id);
    if (!path)
        return QG_ENOMEM;
    if (qg_file_exists(path))
        file(c, id, name, type_of(suffix), description);
    return QG_OK;
}

static qg_code files(crate *c, const qg_page *p, const char *dir)
{
    static const char *const figure[] = {"svg", "csv", "numbers.csv", "tex", "pdf"};
    QG_TRY(below(c, p, dir, "figures/Makefile", "txt", "Makefile",
                 "Makes a PDF of each figure, with pdflatex."));
    for (const qg_figure_entry *e = qg_figure_entries; e->name; e++)
        for (size_t k = 0; k < sizeof figure / sizeof *figure; k++) {
            char *id = qg_arena_printf(p->r->arena, "figures/%s.%s", e->name, figure[k]);
            if (!id)
                return QG_ENOMEM;
            QG_TRY(below(c, p, dir, id, figure[k], e->title, e->caption));
        }
    for (const qg_table_entry *e = qg_table_entries; e->name; e++)
        for (const qg_table_format *f = qg_table_formats; f->name && !e->kind[0]; f++) {
            char *id = qg_arena_printf(p->r->arena, "tables/%s.%s", e->name, f->suffix);
            if (!id)
                return QG_ENOMEM;
            QG_TRY(below(c, p, dir, id, f->suffix, e->name, e->caption));
        }
    return QG_OK;
}

/* The study, the program that made it, what was asked for. */
static qg_code whole(crate *c, const qg_page *p, const char *name, const char *results)
{
    const char *version, *commit, *job;
    qg_str *s = &c->entities;
    QG_TRY(qg_page_attribute(&version, p, "/", "qgrid_version"));
    QG_TRY(qg_page_attribute(&commit, p, "/environment", "commit"));
    QG_TRY(qg_page_attribute(&job, p, "/", "job"));
    qg_str_add(
        s, ",\n  {\"@id\": \"#qgrid\", \"@type\": \"SoftwareApplication\", \"name\": \"qgrid\"");
    pair(s, "version", version);
    pair(s, "identifier", commit);
    qg_str_add(s, "},\n  {\"@id\": \"#job\", \"@type\": \"CreativeWork\", \"encodingFormat\": "
                  "\"application/json\"");
    pair(s, "name", name);
    pair(s, "text", job);
    qg_str_add(s, "},\n  {\"@id\": \"#run\", \"@type\": \"CreateAction\", \"name\": \"qgrid run\", "
                  "\"instrument\": {\"@id\": \"#qgrid\"}, \"object\": {\"@id\": \"#job\"}, "
                  "\"result\": {\"@id\": ");
    string(s, results);
    qg_str_add(s, "}}");
    return QG_OK;
}

static void results_file(crate *c, const qg_page *p, const char *name)
{
    qg_str_add(&c->entities, ",\n  {\"@id\": ");
    string(&c->entities, name);
    qg_str_add(&c->entities, ", \"@type\": \"File\", \"name\": \"results\", \"encodingFormat\": "
                             "\"application/x-hdf5\"");
    pair(&c->entities, "identifier", p->digest);
    pair(&c->entities, "description",
         "All results of the study; the identifier is their digest, by qgrid digest.");
    qg_str_add(&c->entities, "}");
    qg_str_add(&c->parts, c->n++ ? ", {\"@id\": " : "{\"@id\": ");
    string(&c->parts, name);
    qg_str_add(&c->parts, "}");
}

static qg_code write(crate *c, const qg_page *p, const char *dir, const char *name)
{
    qg_str out = {0};
    const char *path = qg_path_join(p->r->arena, dir, "ro-crate-metadata.json");
    if (!path)
        return QG_ENOMEM;
    qg_str_add(&out, "{\"@context\": \"https://w3id.org/ro/crate/1.1/context\", \"@graph\": [\n"
                     "  {\"@id\": \"ro-crate-metadata.json\", \"@type\": \"CreativeWork\", "
                     "\"conformsTo\": {\"@id\": \"https://w3id.org/ro/crate/1.1\"}, \"about\": "
                     "{\"@id\": \"./\"}},\n  {\"@id\": \"./\", \"@type\": \"Dataset\"");
    pair(&out, "name", name);
    pair(&out, "description",
         "Report of a study of quantized text classifiers and their explanations.");
    qg_str_add(&out, ", \"mentions\": {\"@id\": \"#run\"}, \"hasPart\": [");
    qg_str_addn(&out, c->parts.data, c->parts.len);
    qg_str_add(&out, "]}");
    qg_str_addn(&out, c->entities.data, c->entities.len);
    qg_str_add(&out, "\n]}\n");
    out.failed |= c->parts.failed || c->entities.failed;
    qg_code rc = qg_str_status(&out);
    if (rc == QG_OK)
        rc = qg_file_write(path, out.data, out.len);
    qg_str_fini(&out);
    return rc;
}

qg_code qg_page_write_crate(const qg_page *p, const char *dir)
{
    crate c = {0};
    const char *name, *slash = strrchr(p->r->path, '/');
    const char *results = slash ? slash + 1 : p->r->path;
    QG_TRY(qg_page_attribute(&name, p, "/", "job_name"));
    file(&c, "index.html", "report", type_of("html"), "The report, as a page to read.");
    results_file(&c, p, results);
    qg_code rc = files(&c, p, dir);
    if (rc == QG_OK)
        rc = whole(&c, p, name, results);
    if (rc == QG_OK)
        rc = write(&c, p, dir, name);
    qg_str_fini(&c.parts);
    qg_str_fini(&c.entities);
    return rc;
}
