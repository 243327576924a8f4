/*
 * test_train_distill.c - the loss of a student against its formula in double; what a teacher that
 * says nothing new, or is not listened to, changes. Gradients: test_train.c.
 */
#include "train_rig.h"

#include "train/net/distill.h"

#include <math.h>
#include <string.h>

static qg_train_batch batch(rig *r)
{
    return rig_batch(r->arena, &r->params.config, 6, 9, 1);
}

static double loss_of(rig *r, const qg_train_batch *b, const qg_net_options *o)
{
    double loss;
    qg_step s = {0, qg_loss_weight(b->label, b->B, o->class_weights)};
    rig_net(r, *o);
    r->grad = r->block[0];
    qt_ok(rig_net_gradient(r->grad, &loss, r->logits, r->net, r->values, NULL, b, &s));
    return loss;
}

/* Softmax of z / T. */
static void soft(double *p, const float *z, double T)
{
    double sum = 0;
    for (int k = 0; k < 3; k++)
        sum += p[k] = exp((double)z[k] / T);
    for (int k = 0; k < 3; k++)
        p[k] /= sum;
}

static double hidden_of(const qg_net *student, const qg_train_batch *b, int t)
{
    const qg_config *c = &student->params->config;
    double sum = 0, n = 0;
    for (int l = 0; l <= c->layers; l++)
        for (int i = b->splits[t] * c->hidden; i < b->splits[t + 1] * c->hidden; i++, n++)
            sum += pow((double)student->x[l][i] - (double)student->teacher->net->x[l][i], 2);
    return sum / n;
}

static void loss_equals_its_formula(void **state)
{
    (void)state;
    static const double weights[] = {0.5, 2, 1.25};
    const double T = 2.5, share = 0.3, hidden = 0.8;
    rig r, teacher;
    qg_config c = rig_config();
    rig_random(&r, &c, 4, 1);
    rig_random(&teacher, &c, 5, 1);
    qg_train_batch b = batch(&r);
    qg_distill d = {&teacher.params, teacher.values, T, share, hidden};
    qg_net_options o = {.class_weights = weights, .distill = &d};
    double loss = loss_of(&r, &b, &o), want = 0, all = 0, parts[3] = {0};
    qt_ok(rig_net_forward(teacher.logits, teacher.net, teacher.values, NULL, &b));
    for (int t = 0; t < b.B; t++) {
        double p[3], s[3], q[3], kl = 0, w = weights[b.label[t]];
        soft(p, r.logits + 3 * t, 1);
        soft(s, r.logits + 3 * t, T);
        soft(q, teacher.logits + 3 * t, T);
        for (int k = 0; k < 3; k++)
            kl += q[k] * log(q[k] / s[k]);
        parts[0] += w * -log(p[b.label[t]]);
        parts[1] += w * T * T * kl;
        parts[2] += w * hidden_of(r.net, &b, t);
        all += w;
    }
    want = ((1 - share) * parts[0] + share * parts[1] + hidden * parts[2]) / all;
    for (int i = 0; i < 3; i++)
        assert_true(parts[i] / all > 1e-3);
    qt_close("loss", loss, want, 1e-6, 0);
    rig_free(&teacher);
    rig_free(&r);
}

static void a_teacher_equal_to_the_student_teaches_nothing(void **state)
{
    (void)state;
    rig r;
    qg_config c = rig_config();
    rig_random(&r, &c, 4, 1);
    qg_train_batch b = batch(&r);
    qg_net_options o = {.seed = 1};
    qg_distill d = {&r.params, r.values, 2, 0.75, 3};
    size_t n = r.params.count;
    float *plain = qg_arena_alloc(r.arena, n, sizeof *plain);
    double loss = loss_of(&r, &b, &o);
    memcpy(plain, r.grad, n * sizeof *plain);
    o.distill = &d;
    qt_close("loss", loss_of(&r, &b, &o), 0.25 * loss, 1e-12, 0);
    for (size_t i = 0; i < n; i++)
        qt_close("gradient", (double)r.grad[i], 0.25 * (double)plain[i], 1e-4, 1e-7);
    d.weight = d.hidden = 0; /* not listened to */
    qt_close("loss", loss_of(&r, &b, &o), loss, 0, 0);
    qt_same("gradient", r.grad, plain, n, sizeof *plain);
    rig_free(&r);
}

/* Logits only: the teacher may have another depth and width; it may break, too. */
static void a_larger_teacher_gives_its_logits(void **state)
{
    (void)state;
    rig r, teacher;
    qg_config c = rig_config(), large = rig_config();
    large.layers = 3;
    large.hidden = 24;
    rig_random(&r, &c, 4, 1);
    rig_random(&teacher, &large, 5, 1);
    qg_train_batch b = batch(&r);
    qg_distill d = {&teacher.params, teacher.values, 2, 1, 0};
    qg_net_options o = {.distill = &d};
    size_t without = qg_net_bytes(r.net);
    double loss = loss_of(&r, &b, &o);
    assert_true(loss > 0 && qg_net_bytes(r.net) > without);
    r.schedule = (qg_schedule){QG_SCHEDULE_CONSTANT, 1e-2, 0, 0};
    for (uint64_t s = 0; s < 60; s++)
        rig_step(&r, &b, s);
    assert_true(r.loss < 0.1 * loss);
    teacher.values[teacher.params.site[teacher.params.sites - 1].bias] = NAN;
    rig_net(&r, o);
    qg_step s = {7, 6};
    qt_fails(rig_net_gradient(r.grad, &loss, NULL, r.net, r.values, NULL, &b, &s), QG_ENUMERIC,
             "teacher", "logit 0", NULL);
    rig_free(&teacher);
    rig_free(&r);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(loss_equals_its_formula),
    cmocka_unit_test(a_teacher_equal_to_the_student_teaches_nothing),
    cmocka_unit_test(a_larger_teacher_gives_its_logits),
};
QT_MAIN("train_distill", tests)
