/*
 * bert.c - BERT (Devlin, Chang, Lee, Toutanova, 2019, arXiv:1810.04805), with the names that
 * transformers' BertForSequenceClassification and BertForMaskedLM give to its tensors.
 */
#include "config_reader.h"
#include "families.h"

static const char *const model_types[] = {"bert", NULL};

// clang-format off
#define SIZE(member) offsetof(qg_config, member)
static const qg_config_size sizes[] = {
    {"hidden", "hidden_size", SIZE(hidden), 0, 768, 1 << 16},
    {"ffn", "intermediate_size", SIZE(ffn), 0, 3072, 1 << 17},
    {"layers", "num_hidden_layers", SIZE(layers), 0, 12, 1024},
    {"heads", "num_attention_heads", SIZE(heads), 0, 12, 1 << 12},
    {"positions", "max_position_embeddings", SIZE(positions), 0, 512, 1 << 20},
    {"types", "type_vocab_size", SIZE(types), 2, 2, 1 << 10},
    {"vocab-size", "vocab_size", SIZE(vocab), 0, 50000, 1 << 24},
    {NULL, NULL, 0, 0, 0, 0},
};

static const qg_module_row modules[] = {
    {"bert.embeddings.word_embeddings", QG_ROLE_WORD, "VC"},
    {"bert.embeddings.position_embeddings", QG_ROLE_POSITION, "PC"},
    {"bert.embeddings.token_type_embeddings", QG_ROLE_TYPE, "TC"},
    {"bert.embeddings.LayerNorm", QG_ROLE_EMBEDDING_NORM, "C"},
    {"bert.encoder.layer.*.attention.self.query", QG_ROLE_QUERY, "CC"},
    {"bert.encoder.layer.*.attention.self.key", QG_ROLE_KEY, "CC"},
    {"bert.encoder.layer.*.attention.self.value", QG_ROLE_VALUE, "CC"},
    {"bert.encoder.layer.*.attention.output.dense", QG_ROLE_ATTENTION_OUTPUT, "CC"},
    {"bert.encoder.layer.*.attention.output.LayerNorm", QG_ROLE_ATTENTION_NORM, "C"},
    {"bert.encoder.layer.*.intermediate.dense", QG_ROLE_INTERMEDIATE, "FC"},
    {"bert.encoder.layer.*.output.dense", QG_ROLE_OUTPUT, "CF"},
    {"bert.encoder.layer.*.output.LayerNorm", QG_ROLE_OUTPUT_NORM, "C"},
    {"bert.pooler.dense", QG_ROLE_POOLER, "CC"},
    {"classifier", QG_ROLE_CLASSIFIER, "KC"},
    {"cls.predictions.transform.dense", QG_ROLE_MLM_DENSE, "CC"},
    {"cls.predictions.transform.LayerNorm", QG_ROLE_MLM_NORM, "C"},
    {"cls.predictions", QG_ROLE_MLM_BIAS, "V"},
    {NULL, QG_ROLES, NULL},
};
// clang-format on

/* Buffers, and heads of other tasks. */
static const char *const leftovers[] = {"position_ids", "cls.", "dropout", "qa_outputs.", NULL};

/* Each with the other names that transformers has for it, in the order of QG_ACT_GELU, ... */
static const char *const activations[] = {"gelu",      "gelu_new",          "relu", "gelu_python",
                                          "gelu_fast", "gelu_pytorch_tanh", NULL};
static const qg_activation activation_of[] = {QG_ACT_GELU, QG_ACT_GELU_NEW, QG_ACT_RELU,
                                              QG_ACT_GELU, QG_ACT_GELU_NEW, QG_ACT_GELU_NEW};
static const char *const position_types[] = {"absolute", NULL};

static qg_code read_config(qg_config *c, qg_config_reader *r)
{
    int activation, ignored;
    QG_TRY(qg_config_choice(&ignored, r, "position_embedding_type", position_types));
    QG_TRY(qg_config_choice(&activation, r, "hidden_act", activations));
    c->activation = activation_of[activation];
    QG_TRY(qg_config_whole(&c->pad_id, r, "pad_token_id", 0, 0, QG_CONFIG_MOST_TOKENS));
    QG_TRY(qg_config_number(&c->layer_norm_eps, r, "layer_norm_eps", 1e-12, 1));
    QG_TRY(qg_config_number(&c->initializer_range, r, "initializer_range", 0.02, 1000));
    QG_TRY(qg_config_rate(&c->dropout.hidden, r, "hidden_dropout_prob", 0.1));
    QG_TRY(qg_config_rate(&c->dropout.attention, r, "attention_probs_dropout_prob", 0.1));
    return qg_config_rate(&c->dropout.classifier, r, "classifier_dropout", c->dropout.hidden);
}

static void write_config(qg_str *s, const qg_config *c)
{
    qg_str_addf(s, ",\n  \"hidden_act\": \"%s\"", activations[c->activation - QG_ACT_GELU]);
    qg_config_add_sizes(s, c);
    qg_str_addf(s,
                ",\n  \"pad_token_id\": %d,\n  \"position_embedding_type\": \"%s\",\n"
                "  \"layer_norm_eps\": ",
                c->pad_id, position_types[0]);
    qg_str_add_f64(s, c->layer_norm_eps);
}

const qg_family qg_family_bert = {
    .name = "bert",
    .summary = "Hugging Face BertForSequenceClassification: model.safetensors (single or sharded) "
               "or pytorch_model.bin",
    .paper = "arXiv:1810.04805",
    .model_types = model_types,
    .architecture = {[QG_OBJECTIVE_CLASSIFICATION] = "BertForSequenceClassification",
                     [QG_OBJECTIVE_MLM] = "BertForMaskedLM"},
    .sizes = sizes,
    .modules = modules,
    .base = "bert.",
    .leftovers = leftovers,
    .head_activation = QG_ACT_TANH,
    .read_config = read_config,
    .write_config = write_config,
};
