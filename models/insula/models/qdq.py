"""Two edits that let ONNX Runtime run symmetric int8 QDQ models at full speed (training side; needs onnx).

TensorRT wants activations signed with zero point 0. ONNX Runtime's fast CPU kernels want them unsigned, and
its optimiser converts signed to unsigned at load, but only where a Quantize/Dequantize pair has one consumer;
any other pair keeps its convolution in floating point. A residual net is full of shared tensors, so that int8
was 1.5 times *slower* than fp32 (measured). Neither edit changes what the network computes beyond rounding;
together they make it 2.1 times faster than fp32 (face net, one core).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

import onnx

_QUANTIZED: Final = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})


def give_pairs_one_consumer(model: onnx.ModelProto) -> None:
    """Apply both edits in place."""
    read_before_quantizing(model)
    fan_out_after_convolution(model)


def read_before_quantizing(model: onnx.ModelProto) -> None:
    """Let floating-point operators read the tensor itself instead of its quantized copy.

    Where a convolution produced the tensor its only consumer must stay the quantizer (that is what makes it
    an int8 convolution); :func:`fan_out_after_convolution` serves those.
    """
    producer = _producers(model)
    for node in model.graph.node:
        if node.op_type in _QUANTIZED or node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            continue
        for position, name in enumerate(node.input):
            quantizer = _quantizer_behind(producer, name)
            if quantizer is None:
                continue
            source = producer.get(quantizer.input[0])
            if source is not None and source.op_type not in _QUANTIZED:
                node.input[position] = quantizer.input[0]
    _remove_unread(model)


def fan_out_after_convolution(model: onnx.ModelProto) -> None:
    """Put a pass-through behind each dequantizer of a convolution's result that several operators read.

    The pass-through is a LeakyRelu of slope 1: an Identity would be optimised away.
    """
    producer = _producers(model)
    readers: dict[str, list[tuple[onnx.NodeProto, int]]] = defaultdict(list)
    for node in model.graph.node:
        for position, name in enumerate(node.input):
            readers[name].append((node, position))
    nodes: list[onnx.NodeProto] = []
    for node in model.graph.node:
        nodes.append(node)
        if node.op_type != "DequantizeLinear" or len(readers[node.output[0]]) < 2:
            continue
        quantizer = _quantizer_behind(producer, node.output[0])
        source = producer.get(quantizer.input[0]) if quantizer is not None else None
        if source is None or source.op_type not in _QUANTIZED:
            continue
        passed = f"{node.output[0]}_fan_out"
        nodes.append(
            onnx.helper.make_node("LeakyRelu", [node.output[0]], [passed], f"{node.name}_fan_out", alpha=1.0)
        )
        for reader, position in readers[node.output[0]]:
            reader.input[position] = passed
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _remove_unread(model: onnx.ModelProto) -> None:
    """Take out nodes and constants that nothing reads any more."""
    outputs = {output.name for output in model.graph.output}
    while True:
        read = {name for node in model.graph.node for name in node.input} | outputs
        unread = [node for node in model.graph.node if not read.intersection(node.output)]
        if not unread:
            break
        for node in unread:
            model.graph.node.remove(node)
    for constant in [c for c in model.graph.initializer if c.name not in read]:
        model.graph.initializer.remove(constant)


def _producers(model: onnx.ModelProto) -> dict[str, onnx.NodeProto]:
    return {output: node for node in model.graph.node for output in node.output}


def _quantizer_behind(producer: dict[str, onnx.NodeProto], name: str) -> onnx.NodeProto | None:
    """The QuantizeLinear of the pair whose dequantized result is ``name``, if it is one."""
    dequantizer = producer.get(name)
    if dequantizer is None or dequantizer.op_type != "DequantizeLinear":
        return None
    quantizer = producer.get(dequantizer.input[0])
    return quantizer if quantizer is not None and quantizer.op_type == "QuantizeLinear" else None


def without_pairs(model: onnx.ModelProto) -> None:
    """Take every Quantize/Dequantize pair out, in place: the network that they were put into."""
    producer = _producers(model)
    source = {
        node.output[0]: quantizer.input[0]
        for node in model.graph.node
        if (quantizer := _quantizer_behind(producer, node.output[0])) is not None
    }
    for node in model.graph.node:
        for position, name in enumerate(node.input):
            if name in source:
                node.input[position] = source[name]
    _remove_unread(model)
