#!/usr/bin/python3
"""BERT (Devlin et al. 2018) and its family, embeddings and encoder, no pooler or head: BERT-base and -large, DistilBERT,
RoBERTa-base, DistilRoBERTa, ALBERT-base v2. The axis "seq" is 128 long unless somebody asks for another length.

usage: generate.py [--check | --tiny FOLDER]     --tiny writes two narrow layers of each, for tests with data
"""
import dataclasses
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from graph_json import Graph, dense, encoder_layer, layer_norm, masked_scores, write  # noqa: E402


@dataclasses.dataclass(frozen=True)
class Variant:
    """What the members of the family differ in; the defaults are BERT-base's."""
    name: str
    layers: int = 12
    hidden: int = 768
    heads: int = 12
    vocabulary: int = 30522
    types: int = 2                # kinds of token: 0, none; 1, the same for all, so no input; 2, an input
    embedding: int = 0            # size of the embeddings where a projection makes them `hidden`; 0: they are
    positions: int = 0            # rows of the position table where position_ids is an input; 0: token i has row i
    mask: str = "added"           # "added" to the scores as 0 or -10000, or "filled": scores replaced by -inf
    shared: bool = False          # one layer's weights for all layers
    gelu: str = "gelu"
    epsilon: float = 1e-12


VARIANTS = [
    Variant("bert_base"),
    Variant("bert_large", layers=24, hidden=1024, heads=16),
    Variant("distilbert_base", layers=6, types=0, mask="filled"),
    Variant("roberta_base", vocabulary=50265, types=1, positions=514, epsilon=1e-5),
    Variant("distilroberta_base", layers=6, vocabulary=50265, types=1, positions=514, epsilon=1e-5),
    Variant("albert_base", vocabulary=30000, embedding=128, shared=True, gelu="gelu_tanh"),
]


def filled_scores(g, prefix, query, key, size, hidden_tokens):
    """Scores of DistilBERT: the query is divided first, and masked_fill replaces scores where a token is hidden."""
    query = g.node("div", f"{prefix}_scaled", [query, g.number(f"{prefix}_root", size ** 0.5)])
    scores = g.node("matmul", f"{prefix}_scores", [query, key])
    return g.node("where", f"{prefix}_masked", [hidden_tokens, g.number(f"{prefix}_lowest", "-inf"), scores])


def prepared_mask(g, mask, sequence, kind):
    """What the layers take: 0 or -10000 to add to a row of scores, or true where a score is to be replaced. The mask
    is 1 where attended to, 0 where not."""
    mask = g.node("reshape", "mask_rows", [mask], shape=[1, 1, 1, sequence])
    if kind == "filled":
        return g.node("equal", "mask_closed", [mask, g.number("mask_zero", 0.0)])
    mask = g.node("sub", "mask_closed", [g.number("mask_one", 1.0), mask])
    return g.node("mul", "mask_penalty", [mask, g.number("mask_low", -10000.0)])


def embeddings(g, v, sequence, ids, types, positions):
    width = v.embedding or v.hidden
    x = g.node("gather", "word_embedding", [g.weight("word_table", [v.vocabulary, width]), ids], axis=0)
    if types is not None:
        kinds = g.node("gather", "type_embedding", [g.weight("type_table", [2, width]), types], axis=0)
        x = g.node("add", "embedding_sum", [x, kinds])
    elif v.types == 1:
        x = g.node("add", "embedding_sum", [x, g.weight("type_table", [1, width])])
    if positions is not None:
        table = g.weight("position_table", [v.positions, width])
        rows = g.node("gather", "position_embedding", [table, positions], axis=0)
    else:
        rows = g.weight("position_table", [sequence, width])
    x = g.node("add", "embedding_positions", [x, rows])
    x = layer_norm(g, "embedding_norm", x, width, v.epsilon)
    return dense(g, "embedding_projection", x, width, v.hidden) if v.embedding else x


def encoder(v):
    g = Graph(v.name)
    sequence = g.dim("seq", 128)
    ids = g.input("input_ids", [1, sequence], "i64")
    types = g.input("token_type_ids", [1, sequence], "i64") if v.types == 2 else None
    positions = g.input("position_ids", [1, sequence], "i64") if v.positions else None
    mask = g.input("attention_mask", [1, sequence], "fp32")
    x = embeddings(g, v, sequence, ids, types, positions)
    mask = prepared_mask(g, mask, sequence, v.mask)
    for layer in range(v.layers):
        x = encoder_layer(g, f"layer{layer}", x, sequence, v.hidden, v.heads, 4 * v.hidden, mask,
                          filled_scores if v.mask == "filled" else masked_scores, v.gelu, v.epsilon,
                          "shared" if v.shared else None)
    g.output(x, [1, sequence, v.hidden])
    return g


def tiny(v):
    """The same network with two narrow layers, few words and short sequences. Heads stay 64 wide."""
    g = encoder(dataclasses.replace(v, layers=2, hidden=128, heads=2, vocabulary=40, positions=34 if v.positions else 0,
                                    embedding=32 if v.embedding else 0))
    g.dims["seq"] = 24
    return g


if sys.argv[1:2] == ["--tiny"]:
    write(sys.argv[2], [tiny(v) for v in VARIANTS])
write(HERE, [encoder(v) for v in VARIANTS])
