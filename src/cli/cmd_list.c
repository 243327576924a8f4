/*
 * cmd_list.c - qgrid list: everything registered.
 */
#include "cli.h"
#include "list_json.h"

#include "qgrid/drift.h"
#include "qgrid/faithfulness_of.h"
#include "qgrid/kernel.h"
#include "qgrid/layout.h"
#include "qgrid/method.h"
#include "qgrid/metrics.h"
#include "qgrid/model.h"
#include "qgrid/str.h"
#include "qgrid/tokenizer.h"
#include "qgrid/training.h"

#include <math.h>
#include <string.h>

enum { OPT_JSON = 256 };

const qg_cli_option qg_cmd_list_options[] = {
    {OPT_JSON, "json", NULL, "the same as JSON: of each section a list of what it has"},
    {0, NULL, NULL, NULL},
};
const char qg_cmd_list_examples[] = "  qgrid list precisions\n  qgrid list\n";

static void list_precisions(void)
{
    printf("precisions\n");
    for (const qg_precision *const *p = qg_precisions; *p; p++)
        printf("  %-14s %s\n", qg_precision_name(*p), qg_precision_summary(*p));
    printf("  options of a precision object: \"precision\", \"embeddings\" (fp32, fp16, int8, "
           "bf16), \"parameters\" (all, linear), \"name\"\n");
}

static void list_formats(void)
{
    printf("formats\n");
    for (const qg_format *const *f = qg_formats; *f; f++)
        printf("  %-14s %s%s%s%s\n", (*f)->name, (*f)->summary, (*f)->extensions ? " (" : "",
               (*f)->extensions ? (*f)->extensions : "", (*f)->extensions ? ")" : "");
    for (const qg_opt *o = qg_dataset_opts; o->key; o++)
        printf("    %-14s %s\n", o->key, o->help ? o->help : "");
}

static void list_rules(void)
{
    const char *const *names = qg_text_rule_names();
    printf("rules\n");
    for (int i = 0; names[i]; i++)
        printf("  %-14s %s\n", names[i], qg_text_rule_help((qg_text_rule)i));
}

static void list_perturbations(void)
{
    const char *const *names = qg_perturbation_names();
    printf("perturbations\n");
    for (int i = 0; names[i]; i++)
        printf("  %-16s %s\n", names[i], qg_perturbation_help((qg_perturbation)i));
}

static void list_models(void)
{
    printf("models\n");
    for (const qg_family *const *f = qg_families; *f; f++)
        printf("  %-14s %s; %s\n", (*f)->name, (*f)->summary, (*f)->paper);
}

static void list_tokenizers(void)
{
    char names[200];
    printf("tokenizers\n");
    for (const qg_tokenizer_kind *const *k = qg_tokenizer_kinds; *k; k++)
        printf("  %-14s %s (%s); %s\n", (*k)->name, (*k)->summary,
               qg_join_names(names, sizeof names, (*k)->classes), (*k)->paper);
}

static void list_kernels(void)
{
    int n;
    const char *why = NULL;
    const qg_kernel_info *k = qg_kernel_list(&n);
    printf("kernels (%s)\n", qg_cpu_name());
    if (!qg_kernels_get(&why))
        printf("  QGRID_KERNELS: %s\n", why);
    for (int i = 0; i < n; i++)
        printf("  %-18s %-12s %s\n", k[i].op, k[i].isa,
               k[i].chosen      ? "in use"
               : k[i].supported ? "supported"
                                : "not supported by this processor");
}

bool qg_list_has_field(const qg_schema_field *f)
{
    return strcmp(f->group, "/randomisation/M/D/P/X") == 0 && f->axis[0] &&
           strcmp(f->axis[0], "explained") == 0 && strcmp(f->type, "f64") == 0;
}

static void list_metrics(void)
{
    printf("metrics\n");
#define X(name, doc) printf("  %-28s %s\n", #name, doc);
    QG_METRIC_LIST(X)
    printf("  %-28s %s\n", "agreement_with_fp32", "share of predictions equal to those of fp32");
    printf("  %-28s %s\n", "same_logits",
           "texts with the logits, to the bit, of a text with other tokens");
    printf("  of explanations against those of fp32 (a)\n");
    QG_DRIFT_LIST(X)
    printf("  of the faithfulness of explanations\n");
    QG_FAITHFUL_AT_K_LIST(X)
    QG_FAITHFUL_LIST(X)
#undef X
    printf("  of explanations of a model whose parameters are drawn anew\n");
    qg_schema_field f;
    for (int i = 0; qg_schema_field_get(&f, i); i++)
        if (qg_list_has_field(&f))
            printf("  %-28s %s\n", f.name, f.doc);
}

/* What follows the default: the range of a number, the names of an enum. */
static void print_range(const qg_opt *o)
{
    char names[300];
    if (o->type == QG_OPT_ENUM)
        printf("; %s", qg_join_names(names, sizeof names, o->names));
    else if (o->min != 0 || o->max != 0)
        printf("; %.10g to %.10g", o->min, o->max);
}

static void print_default(const qg_opt *o, bool ranges)
{
    bool number = o->type == QG_OPT_INT || o->type == QG_OPT_REAL;
    if (o->required)
        printf(" (required)");
    if (o->required || (number && isnan(o->def)) ||
        (o->type == QG_OPT_ENUM && o->def == QG_NOT_SAID))
        return;
    if (number)
        printf(" (%.10g", o->def);
    else if (o->type == QG_OPT_ENUM)
        printf(" (%s", o->names[(int)o->def]);
    else if (o->def_text)
        printf(" (%s", o->def_text);
    else
        return;
    if (ranges)
        print_range(o);
    printf(")");
}

/* One line a row; `before` stands before its key. */
static void list_options(const char *before, const qg_opt *table, bool ranges)
{
    for (const qg_opt *o = table; o->key; o++) {
        char key[64];
        snprintf(key, sizeof key, "%s%s", before, o->key);
        printf("%-22s %s", key, o->help);
        print_default(o, ranges);
        printf("\n");
    }
}

static void list_training(void)
{
    printf("training\n");
    list_options("  ", qg_training_opts, false);
    for (const qg_opt_table *o = qg_training_objects; o->name; o++) {
        char before[64];
        snprintf(before, sizeof before, "  %s.", o->name);
        list_options(before, o->rows, false);
    }
    printf("  in a job's \"models\" (docs/training.md): labels are the job's, output may be left "
           "out, and\n");
    list_options("  ", qg_training_job_opts, false);
}

static void list_aliases(const char *method)
{
    const char *alias, *of;
    int n = 0;
    for (int i = 0; (alias = qg_method_alias(&of, i)); i++)
        if (strcmp(of, method) == 0)
            printf("%s%s", n++ ? ", " : "                       also called ", alias);
    if (n)
        printf("\n");
}

static void list_methods(void)
{
    printf("methods\n"
           "  in a job: \"lime\", or {\"method\": \"lime\", \"name\": \"lime_5000\", "
           "\"samples\": 5000};\n"
           "  of each: what it is, where it is from, its options (default; range or names)\n");
    for (const qg_method *const *m = qg_methods; *m; m++) {
        printf("  %-20s %s\n  %-20s %s%s%s%s\n", (*m)->name, (*m)->summary, "", (*m)->paper,
               (*m)->needs & QG_NEEDS_GRADIENTS ? "; needs gradients" : "",
               (*m)->needs & QG_NEEDS_ATTENTION ? "; needs attention" : "",
               (*m)->random ? "; draws by the seed" : "");
        list_aliases((*m)->name);
        list_options("    ", (*m)->options, true);
    }
}

/* Text in a table of Markdown, where a bar ends a cell. */
static void print_cell(const char *text)
{
    for (; *text; text++)
        printf("%s%c", *text == '|' ? "\\" : "", *text);
}

/* In Markdown: docs/results.md has these tables. */
static void list_results(void)
{
    qg_schema_field f;
    const char *group = "";
    printf("results\n");
    for (int i = 0; qg_schema_field_get(&f, i); i++) {
        if (strcmp(f.group, group) != 0)
            printf("\n### `%s`\n\n| field | type | axes | unit | what it is |\n"
                   "|---|---|---|---|---|\n",
                   f.group);
        group = f.group;
        printf("| `%s` | %s |", f.name, f.type);
        for (int k = 0; k < 3 && f.axis[k]; k++)
            printf("%s %s", k ? "," : "", f.axis[k]);
        printf(" | %s | ", f.units ? f.units : "");
        print_cell(f.doc);
        printf(" |\n");
    }
}

static const struct {
    const char *name;
    void (*print)(void);
} sections[] = {
#define X(separator, name) {#name, list_##name},
    QG_LIST_SECTIONS(X)
#undef X
};
enum { N_SECTIONS = sizeof sections / sizeof sections[0] };

/* "precision" is "precisions". */
static bool is_called(const char *section, const char *name)
{
    size_t n = strlen(name);
    return strncmp(section, name, n) == 0 && (section[n] == 0 || strcmp(section + n, "s") == 0);
}

static int unknown_section(const qg_command *cmd, const char *name)
{
    const char *known[N_SECTIONS + 1] = {NULL};
    char names[200];
    for (int i = 0; i < N_SECTIONS; i++)
        known[i] = sections[i].name;
    return qg_cli_usage(cmd, "'%s' is not one of: %s", name,
                        qg_join_names(names, sizeof names, known));
}

static qg_code print_json(const char *section, bool first)
{
    qg_str s = {0};
    qg_str_addf(&s, "%s\"%s\": ", first ? "{" : ",\n ", section);
    qg_code rc = qg_list_json(&s, section);
    if (rc == QG_OK)
        fputs(s.data, stdout);
    qg_str_fini(&s);
    return rc;
}

int qg_cmd_list(int argc, char **argv)
{
    const qg_command *cmd = qg_cli_find("list");
    int key, status = -1, shown = 0;
    bool json = false;
    while (status < 0 && (key = qg_cli_next(argc, argv, cmd, &status)) != -1)
        json |= key == OPT_JSON;
    if (status >= 0)
        return status;
    if (optind < argc - 1)
        return qg_cli_usage(cmd, "at most one section is expected");
    for (int i = 0; i < N_SECTIONS; i++)
        if (optind == argc || is_called(sections[i].name, argv[optind])) {
            if (!json)
                sections[i].print();
            else if (print_json(sections[i].name, shown == 0) != QG_OK)
                return qg_cli_fail();
            shown++;
        }
    if (!shown)
        return unknown_section(cmd, argv[optind]);
    if (json)
        printf("\n}\n");
    return qg_cli_flush(QG_EXIT_OK);
}
