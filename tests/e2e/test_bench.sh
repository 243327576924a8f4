#!/usr/bin/env bash
# qgrid bench: its lines are complete and plausible, what it does not know is refused with what
# there is. The figures themselves depend on the machine and are not looked at.
. "$(dirname "$0")/../support/sh.sh"
cat >"$T/check.py" <<'EOP'
import json, math, os, sys

rows = [json.loads(line) for line in open(sys.argv[1])]
want = {"peak": {"name", "isa"}, "kernel": {"name", "isa", "m", "k", "ms", "gb_per_s"},
        "model": {"name", "isa", "precision", "batch", "tokens", "ms", "gflops", "tokens_per_s",
                  "texts_per_s", "size_bytes", "rss_bytes", "pss_bytes", "anon_bytes"}}
for r in rows:
    missing = want[r["kind"]] - set(r)
    assert not missing, (missing, r)
    if r["kind"] == "peak" and not r.get("absent"):
        assert "ms" in r and ("gflops" in r) != ("gb_per_s" in r), r
    if r["kind"] == "peak" and r.get("absent"):
        assert "gflops" not in r and "ms" not in r, r
    for key, v in r.items():
        if isinstance(v, (int, float)) and not isinstance(v, bool):
            assert math.isfinite(v) and v > 0, (key, r)
peaks = [r for r in rows if r["kind"] == "peak"]
assert {p["name"] for p in peaks} == {"fma_f32", "madd_s8", "vnni_s8", "bf16", "amx_s8", "amx_bf16",
                                      "triad", "read"}
by_name = {p["name"] + " " + p["isa"]: p for p in peaks}
for r in rows:
    if "peak_share" in r:  # of a peak of this very run, and that share
        p = by_name[r["peak"]]
        unit = "gflops" if "gflops" in p else "gb_per_s"
        assert abs(r["peak_share"] - r[unit] / p[unit]) < 1e-4 * r["peak_share"], r
exec(sys.argv[2])
EOP
bench() { # FILE OPTIONS...
    local file=$1
    shift
    "$QGRID" bench --json "$@" >"$file"
}
check() { $PYTHON "$T/check.py" "$@"; }

ok "peaks" bench "$T/peaks" --peaks
ok "are all there, absent ones as absent" check "$T/peaks" 'assert len(rows) == len(peaks)'
ok "a product of a given size" bench "$T/gemm" --kernel 'gemm_s?' --gemm 7x33x129 --runs 3
ok "is timed for every instruction set" check "$T/gemm" '
k = [r for r in rows if r["kind"] == "kernel"]
assert "ref" in {r["isa"] for r in k} and {r["name"] for r in k} == {"gemm_s8"}
assert all((r["m"], r["n"], r["k"], r["runs"], r["precision"]) == (7, 33, 129, 3, "int8") for r in k)
assert all(abs(r["gflops"] - 2 * 7 * 33 * 129 / r["ms"] / 1e6) < 1e-3 * r["gflops"] for r in k)'
ok "row operations" bench "$T/rows" --kernel 'layernorm' --runs 1
ok "of the usual sizes, by their bytes" check "$T/rows" '
k = [r for r in rows if r["kind"] == "kernel"]
assert {(r["name"], r["m"], r["k"]) for r in k} == {("layernorm", 1024, 768), ("layernorm", 1024, 3072)}
assert all("gflops" not in r and r.get("peak", "triad ").startswith("triad ") for r in k)'
if [ "${MODE:-release}" = release ]; then
    ok "attention" bench "$T/attention" --kernel 'attention*' --runs 1
    ok "of three lengths" check "$T/attention" '
assert {r["m"] for r in rows if r["kind"] == "kernel"} == {32, 128, 512}'
else
    skip "attention" "its reference is slow without optimization"
fi
ok "one implementation by its full name" bench "$T/one" --kernel 'minmax__ref' --runs 1
ok "is the only one" check "$T/one" '
assert {(r["name"], r["isa"]) for r in rows if r["kind"] == "kernel"} == {("minmax", "ref")}'
ok "a shape without a checkpoint" bench "$T/mini" --shape mini -p int8,fp32,int4_g32 --batch 1x16,3x7 --runs 2
ok "gives every precision and batch" check "$T/mini" '
m = [r for r in rows if r["kind"] == "model"]
assert [(r["precision"], r["batch"], r["tokens"]) for r in m] == [
    (p, b, t) for p in ("int8", "fp32", "int4_g32") for b, t in ((1, 16), (3, 7))]
for r in m:
    assert r["name"] == "mini" and r["runs"] == 2
    C, F, L, n, B = 128, 512, 4, r["tokens"], r["batch"]
    flops = 2 * B * (n * L * (4 * C * C + 2 * C * F + 2 * n * C) + C * C + 3 * C)
    assert abs(r["gflops"] - flops / r["ms"] / 1e6) < 1e-3 * r["gflops"], r
    assert abs(r["tokens_per_s"] - 1e3 * B * n / r["ms"]) < 1e-3 * r["tokens_per_s"]
    assert r["rss_bytes"] > r["anon_bytes"] and r["pss_bytes"] <= r["rss_bytes"]
    assert r["rss_bytes"] < 200 << 20 or os.environ.get("MODE", "release") != "release"
assert m[0]["size_bytes"] < m[2]["size_bytes"] and m[4]["size_bytes"] < m[2]["size_bytes"]'
no_checkpoint() { ! ls -d "$QGRID_CACHE"/random-* 2>/dev/null; }
ok "its checkpoint is gone, its packed form stays" sh -c "ls -d '$QGRID_CACHE'/*-int8/"
ok "no checkpoint" no_checkpoint
ok "a real folder" bench "$T/real" --model models/mini-finetuned/ -p int8 --batch 2x5 --runs 1
ok "has its name" check "$T/real" 'assert rows[-1]["name"] == "mini-finetuned"'
ok "quantize" "$QGRID" quantize -m models/mini-finetuned -p nf4 -o "$T/nf4"
ok "a packed folder says what it is" bench "$T/packed" -m "$T/nf4" --batch 1x8 --runs 1
ok "so its only row is that" check "$T/packed" '
assert [r["precision"] for r in rows if r["kind"] == "model"] == ["nf4"]'
ok "tables" sh -c "'$QGRID' bench --kernel layernorm --shape mini -p int8 --batch 1x8 --runs 1 >'$T/text'"
for piece in 'cpu ' 'peaks of one core' 'kernels' 'model mini' 'peak RSS'; do
    ok "they have '$piece'" grep -q "$piece" "$T/text"
done
fails 2 "no kernel matches 'gemm_f64'; operations are gemm_f32, gemm_s8" "an unknown kernel" \
    "$QGRID" bench --kernel gemm_f64
fails 2 "there is no precision 'fp33', did you mean 'fp32'; known are: fp32, fp16" \
    "an unknown precision" "$QGRID" bench --shape mini -p int8,fp33
fails 2 "there is no precision ''" "an empty list" "$QGRID" bench --shape mini -p ''
fails 2 "'indo' is not one of: indobert, indobert-large, mini" "an unknown shape" "$QGRID" bench --shape indo
fails 2 "--batch '1x' is not a list of texts x tokens" "a bad batch" "$QGRID" bench --shape mini --batch 1x
fails 2 "texts of mini have at most 128 tokens" "a text that is too long" "$QGRID" bench --shape mini --batch 1x129
fails 2 "--gemm '1x2' is not like" "a bad product" "$QGRID" bench --gemm 1x2
fails 2 "do not go together" "two models" "$QGRID" bench --shape mini --model models/mini-finetuned
fails 2 "give --model or --shape" "a precision of nothing" "$QGRID" bench -p int8
fails 2 "--runs '0'" "no runs" "$QGRID" bench --runs 0
fails 2 "/no: there is no such model folder" "a model that is not there" "$QGRID" bench --model /no
fails 1 "is packed as nf4" "a packed folder of another precision" "$QGRID" bench -m "$T/nf4" -p int8 --batch 1x8
fails 2 "'nonsense' is not one of" "unknown QGRID_KERNELS" env QGRID_KERNELS=nonsense "$QGRID" bench --peaks
finish
