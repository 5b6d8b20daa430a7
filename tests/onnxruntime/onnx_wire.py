"""ONNX files with nothing but the standard library: a protobuf message as a list of (field number, value).

Values are integers (varint), bytes (length-delimited), or ("32"|"64", bytes) for the fixed ones, which pass through.
"""
import struct

# Field numbers of onnx.proto.
MODEL_IR_VERSION, MODEL_GRAPH, MODEL_OPSETS = 1, 7, 8
GRAPH_NODE, GRAPH_NAME, GRAPH_INITIALIZER, GRAPH_INPUT, GRAPH_OUTPUT = 1, 2, 5, 11, 12
NODE_INPUT, NODE_OUTPUT, NODE_NAME, NODE_OP, NODE_ATTRIBUTE = 1, 2, 3, 4, 5
TENSOR_DIMS, TENSOR_TYPE, TENSOR_INT64, TENSOR_NAME, TENSOR_RAW = 1, 2, 7, 8, 9
FLOAT, INT64, BOOL = 1, 7, 9


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def parse(data):
    fields, at = [], 0
    while at < len(data):
        key, at = read_varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = read_varint(data, at)
        elif kind == 2:
            size, at = read_varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            size = {1: 8, 5: 4}[kind]
            value, at = (str(8 * size), data[at:at + size]), at + size
        fields.append((key >> 3, value))
    return fields


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def build(fields):
    out = bytearray()
    for number, value in fields:
        if isinstance(value, int):
            out += varint(number << 3) + varint(value)
        elif isinstance(value, tuple):
            out += varint(number << 3 | {"32": 5, "64": 1}[value[0]]) + value[1]
        else:
            value = value.encode() if isinstance(value, str) else bytes(value)
            out += varint(number << 3 | 2) + varint(len(value)) + value
    return bytes(out)


def all_of(fields, number):
    return [value for n, value in fields if n == number]


def text_of(fields, number):
    return next((bytes(v).decode() for v in all_of(fields, number)), "")


def tensor(name, array):
    """An initializer of fp32, int64 or boolean values."""
    kind, raw = {"i": (INT64, array.astype("<i8")), "b": (BOOL, array)}.get(array.dtype.kind, (FLOAT, array.astype("<f4")))
    return build([*((TENSOR_DIMS, int(d)) for d in array.shape), (TENSOR_TYPE, kind), (TENSOR_NAME, name),
                  (TENSOR_RAW, raw.tobytes())])


def integers(fields):
    """The values of an int64 TensorProto, raw or packed or one by one."""
    raw = all_of(fields, TENSOR_RAW)
    if raw:
        return list(struct.unpack(f"<{len(raw[0]) // 8}q", raw[0]))
    values = []
    for value in all_of(fields, TENSOR_INT64):
        if isinstance(value, int):
            values.append(value)
            continue
        at = 0
        while at < len(value):
            number, at = read_varint(value, at)
            values.append(number)
    return values


def value_info(name, shape, kind=FLOAT):
    """A string in place of an extent names the axis."""
    dims = build([(1, build([(2, d) if isinstance(d, str) else (1, int(d))])) for d in shape])
    return build([(1, name), (2, build([(1, build([(1, kind), (2, dims)]))]))])


def shape_of_value(info):
    """Name and shape of a ValueInfoProto; symbolic extents are 1."""
    fields = parse(info)
    tensor_type = parse(parse(all_of(fields, 2)[0])[0][1])
    dims = [parse(d) for d in all_of(parse(all_of(tensor_type, 2)[0]), 1)]
    return text_of(fields, 1), [next(iter(all_of(d, 1)), 1) for d in dims]


def attribute(name, value):
    if isinstance(value, list):
        return build([(1, name), *((8, v) for v in value), (20, 7)])   # ints
    if isinstance(value, float):
        return build([(1, name), (2, ("32", struct.pack("<f", value))), (20, 1)])
    if isinstance(value, int):
        return build([(1, name), (3, value), (20, 2)])
    if isinstance(value, str):
        return build([(1, name), (4, value), (20, 3)])
    return build([(1, name), (5, tensor("", value)), (20, 4)])


def node(op, inputs, outputs, attributes):
    return build([*((NODE_INPUT, i) for i in inputs), *((NODE_OUTPUT, o) for o in outputs), (NODE_NAME, outputs[0]),
                  (NODE_OP, op), *((NODE_ATTRIBUTE, attribute(k, v)) for k, v in attributes.items())])
