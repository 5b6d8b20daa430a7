#!/usr/bin/python3
"""BERT-base and BERT-large (Devlin et al. 2018): embeddings and encoder, no pooler or head. The axis "seq" is 128 long
unless somebody asks for another length."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from graph_json import Graph, encoder_layer, layer_norm, write  # noqa: E402

VOCABULARY = 30522


def bert(name, layers, hidden, heads):
    g = Graph(name)
    sequence = g.dim("seq", 128)
    ids = g.input("input_ids", [1, sequence], "i64")
    types = g.input("token_type_ids", [1, sequence], "i64")
    mask = g.input("attention_mask", [1, sequence], "fp32")

    words = g.node("gather", "word_embedding", [g.weight("word_table", [VOCABULARY, hidden]), ids], axis=0)
    kinds = g.node("gather", "type_embedding", [g.weight("type_table", [2, hidden]), types], axis=0)
    x = g.node("add", "embedding_sum", [words, kinds])
    x = g.node("add", "embedding_positions", [x, g.weight("position_table", [sequence, hidden])])
    x = layer_norm(g, "embedding_norm", x, hidden)

    # 1 where attended to, 0 where not: added to the scores as 0 or -10000.
    mask = g.node("reshape", "mask_rows", [mask], shape=[1, 1, 1, sequence])
    mask = g.node("sub", "mask_closed", [g.number("mask_one", 1.0), mask])
    mask = g.node("mul", "mask_penalty", [mask, g.number("mask_low", -10000.0)])

    for layer in range(layers):
        x = encoder_layer(g, f"layer{layer}", x, sequence, hidden, heads, 4 * hidden, mask)
    g.output(x, [1, sequence, hidden])
    return g


write(HERE, [bert("bert_base", 12, 768, 12), bert("bert_large", 24, 1024, 16)])
