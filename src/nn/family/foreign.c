/*
 * foreign.c - what other programs put into checkpoints: wrappers, adapters, codes of quantizers.
 */
#include "foreign.h"

#include <string.h>

/* Parts of names: of PEFT's adapters, and of what quantizers store beside their codes
 * (bitsandbytes, compressed-tensors, GPTQ, AWQ, optimum-quanto, torchao, PyTorch's own). */
static const struct {
    const char *part, *what;
} refused[] = {
    {".lora_", "an adapter that is not merged into its model; PEFT's merge_and_unload does that"},
    {".SCB", "of a quantized checkpoint (bitsandbytes)"},
    {".absmax", "of a quantized checkpoint (bitsandbytes)"},
    {".quant_map", "of a quantized checkpoint (bitsandbytes)"},
    {".quant_state", "of a quantized checkpoint (bitsandbytes)"},
    {".weight_scale", "of a quantized checkpoint"},
    {".weight_zero_point", "of a quantized checkpoint"},
    {".weight_format", "of a quantized checkpoint (bitsandbytes)"},
    {".input_scale", "of a quantized checkpoint"},
    {".qweight", "of a quantized checkpoint"},
    {".qzeros", "of a quantized checkpoint"},
    {".scales", "of a quantized checkpoint"},
    {".g_idx", "of a quantized checkpoint"},
    {"._packed_params", "of a quantized checkpoint (PyTorch)"},
};

/* Whether a name has the part, and a new word begins after it or goes on with it ("lora_A"). */
static bool has(const char *name, const char *part)
{
    const char *at = strstr(name, part);
    char next = at ? at[strlen(part)] : 'x';
    return at && (part[strlen(part) - 1] == '_' || next == 0 || next == '.' || next == '_');
}

qg_code qg_foreign_refuse(const qg_weights *w, const char *dir)
{
    for (int i = 0; i < qg_weights_count(w); i++)
        for (size_t k = 0; k < sizeof refused / sizeof refused[0]; k++)
            if (has(qg_weights_at(w, i)->name, refused[k].part))
                return QG_FAIL_AT(QG_EUNSUPPORTED, dir, 0, 0, qg_weights_at(w, i)->name,
                                  "this tensor is %s%s", refused[k].what,
                                  k < 1 ? "" : "; use the weights that it was made from");
    return QG_OK;
}

/* Training loops, compilers and adapters put their own names before a model's. */
static bool is_wrapper(const char *name, size_t n)
{
    static const char *const parts[] = {"module.", "model.", "_orig_mod.", "base_model."};
    while (n > 0) {
        size_t i = 0, count = sizeof parts / sizeof parts[0];
        while (i < count &&
               (strlen(parts[i]) > n || strncmp(name, parts[i], strlen(parts[i])) != 0))
            i++;
        if (i == count)
            return false;
        name += strlen(parts[i]);
        n -= strlen(parts[i]);
    }
    return true;
}

const char *qg_foreign_prefix(qg_arena *a, const qg_weights *w, const qg_family *f)
{
    const qg_module_row *row = f->modules; /* all families have a word table */
    while (row->name && row->role != QG_ROLE_WORD)
        row++;
    const char *word = row->name ? row->name : "";
    size_t base = strncmp(word, f->base, strlen(f->base)) == 0 ? strlen(f->base) : 0;
    char full[160];
    for (int bare = 0; bare < 2; bare++) {
        int n = snprintf(full, sizeof full, "%s.weight", word + (bare ? base : 0));
        for (int i = 0; i < qg_weights_count(w) && n > 0; i++) {
            const char *name = qg_weights_at(w, i)->name;
            size_t len = strlen(name), tail = (size_t)n;
            if (len < tail || strcmp(name + len - tail, full) != 0)
                continue;
            if (is_wrapper(name, len - tail))
                return qg_arena_strndup(a, name, len - tail);
        }
    }
    return "";
}

bool qg_foreign_is_leftover(const char *name)
{
    return strstr(name, ".original_module.") != NULL;
}
