"""ONNX files whose weights are random numbers, from networks that have none: JSON ones and those of light_networks.py.

A softmax at the end hides errors, since it saturates; what goes into it becomes an output as well.
"""
import json
import math

import numpy

import light_networks
import onnx_wire as wire

# Operators of JSON networks, and the attributes of theirs that ONNX has too.
OPS = {"conv": ("Conv", ["kernel_shape", "strides", "pads", "dilations", "group"]), "relu": ("Relu", []),
       "max_pool": ("MaxPool", ["kernel_shape", "strides", "pads", "dilations", "ceil_mode"]), "add": ("Add", []),
       "global_average_pool": ("GlobalAveragePool", []), "gemm": ("Gemm", []), "softmax": ("Softmax", ["axis"])}


def with_softmax_inputs(outputs, softmaxes):
    """The outputs and, for those that a softmax gives, its input; and which output has which input. `softmaxes` maps what a
    softmax gives to what goes in."""
    logits = {name: softmaxes[name] for name, _ in outputs if name in softmaxes}
    return outputs + [(logits[name], shape) for name, shape in outputs if name in logits], logits


class Weights:
    """Draws a weight for the operator that reads it, such that activations stay of order 1."""

    def __init__(self, seed):
        self.random = numpy.random.default_rng(seed)

    def draw(self, shape, op, operand, transposed=False):
        if op in ("Conv", "Gemm") and operand == 1:
            terms = math.prod(shape[1:]) if op == "Conv" or transposed else shape[0]
            # Half the variance that a ReLU halves again: sums with shortcuts make up for it.
            values = self.random.normal(0, math.sqrt((1 if op == "Conv" else 0.3) / terms), shape)
        elif op == "BatchNormalization" and operand in (1, 4) or op == "Mul":
            values = self.random.uniform(0.8, 1.2, shape)
        else:
            values = self.random.uniform(-0.1, 0.1, shape)
        return values.astype("<f4")


def from_json(path, seed, batch):
    """The bytes of an ONNX model for `batch` items, its inputs and outputs as (name, shape), and softmax outputs with inputs."""
    network = json.loads(path.read_text())
    weights, graph, readers = Weights(seed), [(wire.GRAPH_NAME, network["name"])], {}
    for n in network["nodes"]:
        for operand, name in enumerate(n["inputs"]):
            readers.setdefault(name, (OPS.get(n["op"], ("", []))[0], operand))
    for n in network["nodes"]:
        attributes = n.get("attributes", {})
        if n["op"] == "reshape":
            shape = f"{n['outputs'][0]}_shape"
            graph.append((wire.GRAPH_INITIALIZER, wire.tensor(shape, numpy.array([batch, *attributes["shape"][1:]]))))
            graph.append((wire.GRAPH_NODE, wire.node("Reshape", [*n["inputs"], shape], n["outputs"], {})))
            continue
        op, known = OPS[n["op"]]
        graph.append((wire.GRAPH_NODE, wire.node(op, n["inputs"], n["outputs"],
                                                 {k: v for k, v in attributes.items() if k in known})))
    for c in network["constants"]:
        values = weights.draw(c["shape"], *readers[c["name"]])
        graph.append((wire.GRAPH_INITIALIZER, wire.tensor(c["name"], values)))
    inputs, outputs = ([(t["name"], [batch, *t["shape"][1:]]) for t in network[key]] for key in ("inputs", "outputs"))
    outputs, logits = with_softmax_inputs(outputs, {n["outputs"][0]: n["inputs"][0] for n in network["nodes"]
                                                    if n["op"] == "softmax"})
    graph += [(wire.GRAPH_INPUT, wire.value_info(*i)) for i in inputs]
    graph += [(wire.GRAPH_OUTPUT, wire.value_info(*o)) for o in outputs]
    model = wire.build([(wire.MODEL_IR_VERSION, 8), (wire.MODEL_GRAPH, wire.build(graph)),
                        (wire.MODEL_OPSETS, wire.build([(1, ""), (2, 13)]))])
    return model, inputs, outputs, logits


def from_light(name, seed):
    """The same from a network of light_networks.py: what its ConstantOfShape nodes give becomes random initializers. Batch 1."""
    model = wire.parse(light_networks.NETWORKS[name]())
    graph = wire.parse(wire.all_of(model, wire.MODEL_GRAPH)[0])
    shapes = {wire.text_of(t, wire.TENSOR_NAME): wire.integers(t)
              for t in map(wire.parse, wire.all_of(graph, wire.GRAPH_INITIALIZER))
              if wire.all_of(t, wire.TENSOR_TYPE) == [wire.INT64]}
    nodes = [wire.parse(n) for n in wire.all_of(graph, wire.GRAPH_NODE)]
    readers = {}
    for n in nodes:
        transposed = any(wire.text_of(a, 1) == "transB" and 1 in wire.all_of(a, 3)
                         for a in map(wire.parse, wire.all_of(n, wire.NODE_ATTRIBUTE)))
        for operand, name in enumerate(wire.all_of(n, wire.NODE_INPUT)):
            readers.setdefault(bytes(name).decode(), (wire.text_of(n, wire.NODE_OP), operand, transposed))
    weights, drawn, kept = Weights(seed), [], []
    for number, value in graph:
        n = wire.parse(value) if number == wire.GRAPH_NODE else []
        if number == wire.GRAPH_OUTPUT:
            continue
        if number != wire.GRAPH_NODE or wire.text_of(n, wire.NODE_OP) != "ConstantOfShape":
            kept.append((number, value))
            continue
        name = wire.text_of(n, wire.NODE_OUTPUT)
        values = weights.draw(shapes[wire.text_of(n, wire.NODE_INPUT)], *readers[name])
        drawn.append((wire.GRAPH_INITIALIZER, wire.tensor(name, values)))
    if not drawn:
        raise ValueError(f"{name} has no ConstantOfShape nodes")
    softmaxes = {wire.text_of(n, wire.NODE_OUTPUT): wire.text_of(n, wire.NODE_INPUT) for n in nodes
                 if wire.text_of(n, wire.NODE_OP) == "Softmax"}
    outputs, logits = with_softmax_inputs([wire.shape_of_value(v) for v in wire.all_of(graph, wire.GRAPH_OUTPUT)], softmaxes)
    kept += drawn + [(wire.GRAPH_OUTPUT, wire.value_info(*o)) for o in outputs]
    whole = wire.build([(number, wire.build(kept) if number == wire.MODEL_GRAPH else value)
                        for number, value in model])
    given = {wire.text_of(wire.parse(t), wire.TENSOR_NAME) for t in wire.all_of(graph, wire.GRAPH_INITIALIZER)}
    inputs = [wire.shape_of_value(v) for v in wire.all_of(graph, wire.GRAPH_INPUT)]
    return whole, [i for i in inputs if i[0] not in given], outputs, logits
