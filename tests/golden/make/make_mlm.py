#!/usr/bin/env python3
"""make_mlm.py > ../data/train/mlm.json

Loss and gradients of a small BERT with the head of masked-language modelling (Devlin et al., 2019),
by PyTorch's automatic differentiation in double precision: what ../test_mlm.c compares with.
Parameters are a formula of their place (see value()), so no weights need to be stored.
"""
import json
import math
import sys

import torch
import torch.nn.functional as F

V, C, LAYERS, H, FF, P, TYPES, EPS = 30, 12, 2, 3, 20, 16, 2, 1e-5
TEXTS = [[2, 7, 19, 4, 11, 3], [2, 4, 5, 3], [2, 9, 9, 28, 4, 13, 21, 6, 3]]
TARGETS = [[-1, 7, -1, 14, -1, -1], [-1, 22, 5, -1], [-1, -1, 9, -1, 0, -1, 21, -1, -1]]


def shapes():
    e, c = "bert.embeddings.", "cls.predictions."
    yield e + "word_embeddings.weight", (V, C)
    yield e + "position_embeddings.weight", (P, C)
    yield e + "token_type_embeddings.weight", (TYPES, C)
    yield e + "LayerNorm.weight", (C,)
    yield e + "LayerNorm.bias", (C,)
    for i in range(LAYERS):
        b = f"bert.encoder.layer.{i}."
        for n, shape in (("attention.self.query", (C, C)), ("attention.self.key", (C, C)),
                         ("attention.self.value", (C, C)), ("attention.output.dense", (C, C)),
                         ("attention.output.LayerNorm", (C,)), ("intermediate.dense", (FF, C)),
                         ("output.dense", (C, FF)), ("output.LayerNorm", (C,))):
            yield b + n + ".weight", shape
            yield b + n + ".bias", shape[:1]
    yield c + "transform.dense.weight", (C, C)
    yield c + "transform.dense.bias", (C,)
    yield c + "transform.LayerNorm.weight", (C,)
    yield c + "transform.LayerNorm.bias", (C,)
    yield c + "bias", (V,)


def value(number, shape, name):
    """Element k of parameter `number`: 0.4 sin(k + 1.7 number + 0.3 k^2 / n), as binary32."""
    n = math.prod(shape)
    one = 1 if name.endswith("LayerNorm.weight") else 0
    x = [one + 0.4 * math.sin(k + 1.7 * number + 0.3 * k * k / n) for k in range(n)]
    return torch.tensor(x, dtype=torch.float32).double().reshape(shape).requires_grad_()


def linear(p, name, x):
    return F.linear(x, p[name + ".weight"], p[name + ".bias"])


def norm(p, name, x):
    return F.layer_norm(x, (C,), p[name + ".weight"], p[name + ".bias"], EPS)


def logits(p, ids):
    e, n, d = "bert.embeddings.", len(ids), C // H
    x = F.embedding(torch.tensor(ids), p[e + "word_embeddings.weight"], padding_idx=0)
    x = norm(p, e + "LayerNorm", x + p[e + "token_type_embeddings.weight"][0] +
             p[e + "position_embeddings.weight"][:n])
    for i in range(LAYERS):
        b = f"bert.encoder.layer.{i}."
        q, k, v = (linear(p, b + "attention.self." + s, x).reshape(n, H, d).transpose(0, 1)
                   for s in ("query", "key", "value"))
        a = torch.softmax(q @ k.transpose(1, 2) / math.sqrt(d), -1) @ v
        a = linear(p, b + "attention.output.dense", a.transpose(0, 1).reshape(n, C))
        x = norm(p, b + "attention.output.LayerNorm", a + x)
        f = linear(p, b + "output.dense", F.gelu(linear(p, b + "intermediate.dense", x)))
        x = norm(p, b + "output.LayerNorm", f + x)
    c = "cls.predictions."
    x = norm(p, c + "transform.LayerNorm", F.gelu(linear(p, c + "transform.dense", x)))
    return F.linear(x, p[e + "word_embeddings.weight"], p[c + "bias"])


def main():
    p = {name: value(i, shape, name) for i, (name, shape) in enumerate(shapes())}
    z = torch.cat([logits(p, ids) for ids in TEXTS])
    TARGETS[0][1] = int(z[1].argmax())  # one that is right
    target = torch.tensor(sum(TARGETS, []))
    loss = F.cross_entropy(z, target, ignore_index=-1)
    loss.backward()
    chosen = target >= 0
    right = int((z.argmax(-1) == target)[chosen].sum())
    out = {"torch": torch.__version__, "texts": TEXTS, "targets": TARGETS, "loss": loss.item(),
           "chosen": int(chosen.sum()), "right": right,
           "gradient": {n: [float(f"{g:.8g}") for g in t.grad.flatten().tolist()]
                        for n, t in p.items()}}
    json.dump(out, sys.stdout, separators=(",", ":"))
    print()


main()
