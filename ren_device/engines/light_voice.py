"""Makes a Piper voice lighter: its weights become 8 or 16 bits wide instead of 32.

Each large weight is kept with a scale for each of its channels and widened again when it is needed
(weight-only quantization), so the arithmetic and the speed of the voice stay what they were, about.
Of an ONNX file only what is needed is described here; protobuf carries everything else over.
"""

import hashlib
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ren_device.errors import EngineError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_EDITION = 1  # to be counted up when copies are made otherwise, so that old ones are not used
_SMALLEST = 4096  # numbers in a weight that is worth it
_FLOAT, _INT8, _INT16 = 1, 3, 5  # onnx.TensorProto.DataType
_INT = 2  # onnx.AttributeProto.AttributeType
_CONTRIB = "com.microsoft"  # where onnxruntime knows 16 bits whatever the version of the file
# How wide the weights of each part become; 0 is as they are. The last part makes the waveform: it
# is small, and there every rounding would be heard.
_BITS = {"enc_p": 8, "flow": 8, "dec": 0}
_OTHER_BITS = 16


def copy_of(heavy: Path, folder: Path) -> Path:
    """Where the lighter copy of this voice is, or will be; of another file it is another."""
    there = heavy.resolve()
    state = there.stat()
    source = f"{_EDITION} {there} {state.st_size} {state.st_mtime_ns}"
    digest = hashlib.sha256(source.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return folder / f"{heavy.stem}.{digest}.light.onnx"


def lighten(heavy: Path, light: Path) -> None:
    """Write the lighter voice; all of it, or nothing. Blocks for seconds. Raises EngineError."""
    try:
        model = _messages()["ModelProto"].FromString(heavy.read_bytes())
        _narrow(model.graph)
        model.opset_import.add(domain=_CONTRIB, version=1)
        light.parent.mkdir(parents=True, exist_ok=True)
        unfinished = light.with_suffix(".part")
        with unfinished.open("wb") as file:
            file.write(model.SerializeToString())
            file.flush()
            os.fsync(file.fileno())  # else a power cut could leave the name and not the contents
        os.replace(unfinished, light)  # noqa: PTH105  as everywhere where it has to be atomic
    except (OSError, ValueError, _messages_error()) as error:
        raise EngineError(f"{heavy.name} cannot be made lighter: {error}") from error


def _narrow(graph: Any) -> None:
    """Replace each large weight by a narrow one and a node that widens it before its first use."""
    weights = {each.name: each for each in graph.initializer if _is_large(each)}
    nodes = list(graph.node)
    graph.ClearField("node")
    for node in nodes:
        for name in node.input:
            weight = weights.pop(name, None)
            if weight is not None and (bits := _bits(node.name)):
                _widened(graph, weight, bits, 1 if node.op_type == "ConvTranspose" else 0)
        graph.node.append(node)


def _is_large(weight: Any) -> bool:
    numbers = 1
    for size in weight.dims:
        numbers *= size
    return weight.data_type == _FLOAT and numbers >= _SMALLEST and bool(weight.raw_data)


def _bits(node: str) -> int:
    part = node.strip("/").split("/")[0]
    return _BITS.get(part, _OTHER_BITS)


def _widened(graph: Any, weight: Any, bits: int, axis: int) -> None:
    import numpy as np

    values = np.frombuffer(weight.raw_data, "<f4").reshape(weight.dims)
    narrow, scales = _rounded(values, bits, axis)
    node = graph.node.add(op_type="DequantizeLinear", domain=_CONTRIB, output=[weight.name])
    node.attribute.add(name="axis", i=axis, type=_INT)
    for suffix, kind, array in (
        ("narrow", _INT8 if bits == 8 else _INT16, narrow),
        ("scales", _FLOAT, scales),
    ):
        name = f"{weight.name}.{suffix}"
        raw = array.tobytes()
        graph.initializer.add(dims=array.shape, data_type=kind, name=name, raw_data=raw)
        node.input.append(name)
    graph.initializer.remove(weight)


def _rounded(
    values: "NDArray[np.float32]", bits: int, axis: int
) -> "tuple[NDArray[np.signedinteger[Any]], NDArray[np.float32]]":
    """Whole numbers, and what one of them is worth in each channel along the axis."""
    import numpy as np

    most = 2 ** (bits - 1) - 1
    others = tuple(each for each in range(values.ndim) if each != axis)
    scales = np.abs(values).max(axis=others) / np.float32(most)
    scales[scales == 0] = 1
    steps = np.round(values / np.expand_dims(scales, others))
    return steps.astype(np.int8 if bits == 8 else np.int16), scales.astype(np.float32)


@cache
def _messages() -> dict[str, Any]:
    """The parts of onnx.proto that are looked at; the numbers are those of the format."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="onnx_part.proto", package="onnx_part")
    for name, fields in _FORMAT.items():
        message = file.message_type.add(name=name)
        for number, (called, kind) in fields.items():
            many = kind.startswith("*")
            kind = kind.removeprefix("*")
            added = message.field.add(name=called, number=number)
            added.label = field.LABEL_REPEATED if many else field.LABEL_OPTIONAL
            if kind in _FORMAT:
                added.type, added.type_name = field.TYPE_MESSAGE, f".onnx_part.{kind}"
            else:
                added.type = field.Type.Value(f"TYPE_{kind}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"onnx_part.{name}"))
        for name in _FORMAT
    }


def _messages_error() -> type[Exception]:
    from google.protobuf.message import DecodeError

    return DecodeError


_FORMAT = {
    "AttributeProto": {1: ("name", "STRING"), 3: ("i", "INT64"), 20: ("type", "INT32")},
    "NodeProto": {
        1: ("input", "*STRING"),
        2: ("output", "*STRING"),
        3: ("name", "STRING"),
        4: ("op_type", "STRING"),
        5: ("attribute", "*AttributeProto"),
        7: ("domain", "STRING"),
    },
    "TensorProto": {
        1: ("dims", "*INT64"),
        2: ("data_type", "INT32"),
        8: ("name", "STRING"),
        9: ("raw_data", "BYTES"),
    },
    "GraphProto": {1: ("node", "*NodeProto"), 5: ("initializer", "*TensorProto")},
    "OperatorSetIdProto": {1: ("domain", "STRING"), 2: ("version", "INT64")},
    "ModelProto": {7: ("graph", "GraphProto"), 8: ("opset_import", "*OperatorSetIdProto")},
}
