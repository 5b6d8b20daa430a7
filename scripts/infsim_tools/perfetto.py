"""Reads the traces of `infsim run --trace`: Perfetto's TrackEvent packets, as far as infsim writes them.

The numbers of fields are those of Perfetto's protos (protos/perfetto/trace/ of github.com/google/perfetto), written down here
once more on purpose: a test that read a trace with the description that wrote it would not notice a wrong one.
"""
import dataclasses
import pathlib
import struct


def fields(data):
    """(number, value) of a message's fields: an int for varints and fixed ones, bytes for everything with a length."""
    at, end = 0, len(data)
    while at < end:
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 1:
            value, at = struct.unpack_from("<Q", data, at)[0], at + 8
        elif kind == 2:
            size, at = varint(data, at)
            if at + size > end:
                raise ValueError("a field goes beyond its message")
            value, at = data[at:at + size], at + size
        else:
            raise ValueError(f"wire type {kind}, which infsim does not write")
        yield key >> 3, value


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


@dataclasses.dataclass
class Slice:
    start: int                # nanoseconds
    end: int | None
    name: str
    categories: tuple
    arguments: dict
    flows_out: list
    flows_in: list


@dataclasses.dataclass
class Track:
    name: str
    process: str | None = None    # of the process that it belongs to
    unit: str | None = None       # of a counter
    rank: int = 0
    slices: list = dataclasses.field(default_factory=list)
    values: list = dataclasses.field(default_factory=list)    # (time in ns, value), in the order of the file


class Trace:
    """`tracks`: {(process, name): Track}."""

    def __init__(self, path):
        self.by_uuid, self.processes, self.names = {}, {}, {1: {}, 2: {}, 3: {}}
        self.cleared = False
        for number, packet in fields(pathlib.Path(path).read_bytes()):
            if number != 1:
                raise ValueError(f"field {number} of a trace")
            self._packet(dict(fields(packet)))
        for track in self.by_uuid.values():
            track.values.sort(key=lambda v: v[0])
            if any(piece.end is None for piece in track.slices):
                raise ValueError(f"a slice of {track.name} has no end: the file is cut off")
        self.tracks = {(t.process, t.name): t for t in self.by_uuid.values()}

    def _packet(self, packet):
        if packet.get(13) == 1:
            self.cleared = True
        for kind, entry in fields(packet.get(12, b"")):
            entry = dict(fields(entry))
            self.names[kind][entry[1]] = entry[2].decode()
        if 60 in packet:
            self._descriptor(dict(fields(packet[60])))
        if 11 in packet:
            if not self.cleared or packet.get(13) != 2:
                raise ValueError("an event that refers to names without saying so")
            self._event(packet[8], packet[11])

    def _descriptor(self, descriptor):
        uuid = descriptor[1]
        if 3 in descriptor:
            self.processes[uuid] = dict(fields(descriptor[3]))[6].decode()
            return
        unit = dict(fields(descriptor[8]))[6].decode() if 8 in descriptor else None
        self.by_uuid[uuid] = Track(descriptor[2].decode(), self.processes[descriptor[5]], unit, descriptor.get(12, 0))

    def _event(self, time, event):
        once, many = {}, {3: [], 4: [], 47: [], 48: []}
        for number, value in fields(event):
            if number in many:
                many[number].append(value)
            else:
                once[number] = value
        track = self.by_uuid[once[11]]
        if once[9] == 1:
            arguments = [dict(fields(a)) for a in many[4]]
            track.slices.append(Slice(time, None, self.names[2][once[10]], tuple(self.names[1][c] for c in many[3]),
                                      {self.names[3][a[1]]: a[3] for a in arguments}, flow_ids(many[47]), flow_ids(many[48])))
        elif once[9] == 2:
            track.slices[-1].end = time
        elif once[9] == 4:
            track.values.append((time, once[30]))
        else:
            raise ValueError(f"an event of type {once[9]}")


def flow_ids(values):
    """Fixed numbers, one by one or packed."""
    numbers = []
    for value in values:
        numbers += [value] if isinstance(value, int) else struct.unpack(f"<{len(value) // 8}Q", value)
    return numbers
