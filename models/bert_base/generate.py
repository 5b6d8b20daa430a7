#!/usr/bin/python3
"""BERT-base (Devlin et al. 2018) on sequences of 128: embeddings, twelve encoder layers, no pooler or head."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from graph_json import Graph, encoder_layer, layer_norm, write  # noqa: E402

SEQUENCE, LAYERS, HIDDEN, HEADS, FEED_FORWARD, VOCABULARY = 128, 12, 768, 12, 3072, 30522

g = Graph("bert_base")
ids = g.input("input_ids", [1, SEQUENCE], "i64")
types = g.input("token_type_ids", [1, SEQUENCE], "i64")
mask = g.input("attention_mask", [1, SEQUENCE], "fp32")

words = g.node("gather", "word_embedding", [g.weight("word_table", [VOCABULARY, HIDDEN]), ids], axis=0)
kinds = g.node("gather", "type_embedding", [g.weight("type_table", [2, HIDDEN]), types], axis=0)
x = g.node("add", "embedding_sum", [words, kinds])
x = g.node("add", "embedding_positions", [x, g.weight("position_table", [SEQUENCE, HIDDEN])])
x = layer_norm(g, "embedding_norm", x, HIDDEN)

# 1 where attended to, 0 where not: added to the scores as 0 or -10000.
mask = g.node("reshape", "mask_rows", [mask], shape=[1, 1, 1, SEQUENCE])
mask = g.node("sub", "mask_closed", [g.number("mask_one", 1.0), mask])
mask = g.node("mul", "mask_penalty", [mask, g.number("mask_low", -10000.0)])

for layer in range(LAYERS):
    x = encoder_layer(g, f"layer{layer}", x, SEQUENCE, HIDDEN, HEADS, FEED_FORWARD, mask)
g.output(x, [1, SEQUENCE, HIDDEN])
write(HERE, [g])
