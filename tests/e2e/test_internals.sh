#!/usr/bin/env bash
# What models do inside on the explained texts: entropies of attention in closed form, states of the
# first token beside those of fp32, the same bits on any number of ranks; how words are cut.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"
. tests/support/explain.sh

# Layer 1 looks at all tokens alike: queries are 0. The second layer is as it was.
$PYTHON - "$T" <<'PY'
import json, os, shutil, struct, sys
T = sys.argv[1]
shutil.copytree("models/mini-finetuned", T + "/even")
path = T + "/even/model.safetensors"
os.chmod(path, 0o644)
with open(path, "r+b") as f:
    size = struct.unpack("<Q", f.read(8))[0]
    head = json.loads(f.read(size))
    for name in "weight", "bias":
        begin, end = head["bert.encoder.layer.0.attention.self.query." + name]["data_offsets"]
        f.seek(8 + size + begin)
        f.write(bytes(end - begin))
PY
printf 'makanannya enakkk sekaliii\tpositive\n' >>"$T/odd.tsv" # words of several tokens
change="j['models']['even'] = '$T/even'; x['samples']['correct_only'] = True; j['experiments']['n'] = {'model': 'even', 'dataset': 'odd'}; j['precisions'] = ['int8', 'fp32', {'precision': 'fp32', 'name': 'again'}, 'int4']; x['methods'] = ['random']; x['faithfulness'] = False; x['internals'] = True"
job inside "$change"
ok "check counts the cells" sh -c "'$QGRID' check '$T/inside.json' | grep -q '^28 cells'"
ok "runs without mpirun" run_np 0 "$T/inside.json"
for np in $(some_ranks 3); do
    ok "runs on $np ranks" run_np $np "$T/inside.json" --output "$T/np$np.h5"
    ok "$np ranks give the same bits" same_digest "$T/inside.h5" "$T/np$np.h5"
done
isa=$("$QGRID" list kernels | awk '$1 == "matmul" && !/not supported/ && $2 != "ref" {isa = $2} END {print isa ? isa : "ref"}')
ok "runs with the kernels of another processor" env QGRID_KERNELS="$isa" \
    "$QGRID" run --progress none "$T/inside.json" --output "$T/lesser.h5"
ok "and gives the same bits" same_digest "$T/inside.h5" "$T/lesser.h5"
ok "verify finds no damage" sh -c "'$QGRID' verify '$T/inside.h5' | grep -q ' 0 damaged'"

ok "entropies and states are there for each text and nowhere else" numbers inside.h5 <<'PY'
config = json = __import__("json").load(open("models/mini-finetuned/config.json"))
L, H, C = config["num_hidden_layers"], config["num_attention_heads"], config["hidden_size"]
for m in ("m", "even"):
    there = f["explained/%s/odd/row" % m][:] >= 0
    assert there.any() and not there.all()
    for p in ("int8", "fp32", "again", "int4"):
        g = f["internals/%s/odd/%s" % (m, p)]
        e, s = g["entropy"][:], g["first_token"][:]
        assert e.shape == (len(there), L, H) and s.shape == (len(there), L + 1, C) and (g["state"][:] == 1).all()
        assert np.isnan(e[~there]).all() and np.isnan(s[~there]).all() and np.isfinite(s[there]).all()
        assert (e[there] > 0).all() and (e[there] < 1 + 1e-6).all() and e[there].std() > 0.01
        if m == "even": # equal shares
            close(e[there, 0], np.ones((there.sum(), H)), 1e-6)
        # [CLS] is the same token at the same place in every text
        assert (s[there, 0] == s[there][0, 0]).all() and s[there, L].std(axis=0).min() > 0
        stats = [k.decode() for k in g["summary_statistic"][:]]
        summary = g["entropy_by_layer"][:]
        of = e[there].mean(axis=2)
        for k, v in (("n", np.full(L, there.sum())), ("mean", of.mean(axis=0)), ("sd", of.std(axis=0, ddof=1)), ("max", of.max(axis=0))):
            close(summary[:, stats.index(k)], v, 1e-12)
PY
ok "each precision stands beside fp32" numbers inside.h5 <<'PY'
for m in ("m", "even"):
    there = f["explained/%s/odd/row" % m][:] >= 0
    full = f["internals/%s/odd/fp32" % m]
    assert "internals" not in f["comparisons/%s/odd/fp32" % m] if "fp32" in f["comparisons/%s/odd" % m] else True
    for p in ("int8", "again", "int4"):
        g, own = f["comparisons/%s/odd/%s/internals" % (m, p)], f["internals/%s/odd/%s" % (m, p)]
        delta = g["entropy_delta"][:]
        close(delta, own["entropy"][:] - full["entropy"][:], 0)
        a, b = (x["first_token"][:].astype(float) for x in (own, full))
        cosine = (a * b).sum(axis=2) / np.sqrt((a * a).sum(axis=2) * (b * b).sum(axis=2))
        close(g["cosine"][:], cosine, 1e-12)
        stats = [k.decode() for k in g["summary_statistic"][:]]
        for name, of in (("entropy_delta_by_layer", delta[there].mean(axis=2)), ("cosine_by_layer", cosine[there])):
            for k, v in (("n", np.full(of.shape[1], there.sum())), ("mean", of.mean(axis=0)), ("sd", of.std(axis=0, ddof=1))):
                close(g[name][:, stats.index(k)], v, 1e-12)
        if p == "again":
            assert (delta[there] == 0).all() and (abs(g["cosine"][there] - 1) < 1e-12).all()
        else:
            assert abs(delta[there]).max() > 1e-6 and 0.5 < g["cosine"][there].min() < 1 - 1e-7
one, four = (f["comparisons/m/odd/%s/internals/cosine_by_layer" % p][-1, 1] for p in ("int8", "int4"))
assert four < one # int4 is further away
PY
ok "show prints layers" sh -c "'$QGRID' show '$T/inside.h5' e/int4/internals >'$T/shown' && grep -q 'cosine with fp32' '$T/shown' && grep -q \"entropy minus fp32's\" '$T/shown'"

ok "how words are cut is counted text by text" numbers inside.h5 <<'PY'
g = f["datasets/odd/tokens/m"]
splits, word, all = g["token_row_splits"][:], g["token_word"][:], g["fragmentation"][:]
assert [k.decode() for k in g["fragmentation_measure"][:]] == ["words", "tokens", "mean", "most", "split_share"]
for r in range(len(all)):
    n = np.unique(word[splits[r] : splits[r + 1]][1:-1], return_counts=True)[1]
    close(all[r], [len(n), n.sum(), n.mean(), n.max(), (n > 1).mean()], 1e-12)
texts = [t.decode() for t in f["datasets/odd/text"][:]]
whole = all[texts.index("makanan nya enak sekali")]
assert list(whole) == [4, 4, 1, 1, 0] and all[:, 3].max() > 1
assert list(all[texts.index("\u2603\u2603 \u2602 \u2600\u2600\u2600")]) == [3, 3, 1, 1, 0] # [UNK] each
s = g["fragmentation_summary"][:]
close(s, np.stack([all.mean(axis=0), all.std(axis=0, ddof=1), np.median(all, axis=0), all.min(axis=0), all.max(axis=0)], axis=1), 1e-12)
PY

# Another precision later: what is there is taken over, and compared anew.
job fewer "$change; j['precisions'].remove('int4')"
ok "a job with fewer precisions" run_np 2 "$T/fewer.json" --output "$T/grown.h5"
ok "takes on another" "$QGRID" run --progress none --accept-changes "$T/inside.json" --output "$T/grown.h5"
ok "to the same bits" same_digest "$T/inside.h5" "$T/grown.h5"
ok "one cell alone needs fp32's predictions" "$QGRID" run --progress none "$T/inside.json" --only 'e/int4/internals' --output "$T/part.h5"
ok "the rest follows" run_np 2 "$T/inside.json" --output "$T/part.h5"
ok "to the same bits again" same_digest "$T/inside.h5" "$T/part.h5"

# Damage.
$PYTHON -c "
import h5py
h5py.File('$T/np3.h5', 'r+')['internals/m/odd/int8/first_token'][1, 1, 3] += 1"
fails 3 "damaged: e/int8/internals" "verify finds damage" "$QGRID" verify "$T/np3.h5"
ok "the next run repairs it" run_np 2 "$T/inside.json" --output "$T/np3.h5"
ok "to the same bits once more" same_digest "$T/inside.h5" "$T/np3.h5"

finish
