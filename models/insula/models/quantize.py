"""fp32 ONNX → static int8 QDQ that one file serves ONNX Runtime and TensorRT; parity of the two.

TensorRT takes explicit quantization only, signed and symmetric (zero point 0), without int32 bias pairs;
``insula.models.qdq`` arranges the pairs so that ONNX Runtime is fast with the same file. Weights stay fp32 in
the file behind a pair of their own, as TensorRT reads them. Needs the ``train`` extra.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from insula.edge.errors import ModelError
from insula.models.feeds import Feed, Feeds
from insula.models.qdq import give_pairs_one_consumer

OPSET: Final = 17
MAX_IR: Final = 10
"""Newest file format that onnxruntime 1.20 and TensorRT 10 both read."""


class _Feeds(CalibrationDataReader):
    def __init__(self, feeds: Sequence[Feed]) -> None:
        self._feeds: Iterator[Feed] = iter(feeds)

    def get_next(self) -> dict[str, npt.NDArray[np.generic]] | None:
        feed = next(self._feeds, None)
        return None if feed is None else dict(feed)


def quantize(
    source: Path,
    target: Path,
    calibration: Sequence[Feed],
    *,
    op_types: Sequence[str] = ("Conv", "Gemm", "MatMul"),
    exclude: Sequence[str] = (),
    percentile: float | None = None,
) -> None:
    """Write ``target``, the int8 QDQ form of the fp32 model ``source``.

    ``calibration`` are inputs (one feed a run) whose activations set the ranges: by their extremes, or by
    ``percentile`` (e.g. 99.99) where a few outliers would cost resolution. ``exclude`` names nodes that stay
    fp32. Raises ``ModelError`` when the result breaks the rules for one file on both engines.
    """
    method = CalibrationMethod.MinMax if percentile is None else CalibrationMethod.Percentile
    extra: dict[str, Any] = {
        "ActivationSymmetric": True,
        "WeightSymmetric": True,
        "AddQDQPairToWeight": True,
        "QuantizeBias": False,
    }
    if percentile is not None:
        extra["CalibPercentile"] = percentile
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        with contextlib.redirect_stdout(io.StringIO()):  # its progress is prints
            quantize_static(
                str(prepared),
                str(target),
                _Feeds(calibration),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=list(op_types),
                nodes_to_exclude=list(exclude),
                per_channel=True,
                activation_type=QuantType.QInt8,
                weight_type=QuantType.QInt8,
                calibrate_method=method,
                extra_options=extra,
            )
    model = onnx.load(str(target))
    give_pairs_one_consumer(model)
    model.ir_version = min(model.ir_version, MAX_IR)
    onnx.save(model, str(target))
    check(target)


def check(path: Path) -> None:
    """Raise ``ModelError`` unless the file is signed, symmetric, static QDQ of a supported version."""
    model = onnx.load(str(path))
    if model.ir_version > MAX_IR:
        raise ModelError(f"{path.name}: IR version {model.ir_version} is newer than {MAX_IR}")
    constants = {i.name: onnx.numpy_helper.to_array(i) for i in model.graph.initializer}
    pairs = [node for node in model.graph.node if node.op_type == "QuantizeLinear"]
    if not pairs:
        raise ModelError(f"{path.name}: nothing was quantized")
    for node in pairs + [node for node in model.graph.node if node.op_type == "DequantizeLinear"]:
        zero = constants.get(node.input[2]) if len(node.input) > 2 else None
        if zero is None or zero.dtype != np.int8 or np.any(zero):
            raise ModelError(f"{path.name}: {node.name} is not int8 with zero point 0")


def node_names(path: Path) -> list[str]:
    """Names of a model's nodes, to choose those that stay fp32."""
    return [node.name for node in onnx.load(str(path)).graph.node]


@dataclass(frozen=True, slots=True)
class Parity:
    """How far int8 is from fp32 on the same inputs; errors are in the outputs' own unit."""

    items: int
    max_error: float
    mean_error: float
    same_top: float


def parity(fp32: Path, int8: Path, feeds: Sequence[Feed], output: str) -> Parity:
    """Compare ``output`` (class scores on the last axis) of two models on ``feeds``."""
    before, after = run_all(fp32, feeds, output), run_all(int8, feeds, output)
    error = np.abs(before - after)
    same = before.argmax(-1) == after.argmax(-1)
    return Parity(len(before), float(error.max()), float(error.mean()), float(same.mean()))


@dataclass(frozen=True, slots=True)
class Gate:
    """What int8 costs on items that set no range. ``loss`` is what a limit is put on."""

    items: int
    loss: float
    same_top: float
    accuracy_fp32: float | None
    accuracy_int8: float | None

    def words(self) -> str:
        """In one line for people."""
        same = f"int8 answers as fp32 on {self.same_top:.1%} of {self.items} items"
        if self.accuracy_fp32 is None or self.accuracy_int8 is None:
            return same
        return f"accuracy {self.accuracy_int8:.4f}, fp32 {self.accuracy_fp32:.4f}; {same}"


def gate(fp32: Path, int8: Path, held_out: Feeds, output: str) -> Gate:
    """Judge ``int8`` by ``output`` (class scores on the last axis) on ``held_out``.

    With labels the loss is the fall in accuracy, without the share of items whose class changes.
    """
    before, after = (run_all(path, held_out.feeds, output).argmax(-1) for path in (fp32, int8))
    same = float((before == after).mean())
    if held_out.labels is None:
        return Gate(len(before), 1.0 - same, same, None, None)
    was, now = (float((found == held_out.labels).mean()) for found in (before, after))
    return Gate(len(before), was - now, same, was, now)


def run_all(path: Path, feeds: Sequence[Feed], output: str) -> npt.NDArray[np.float32]:
    """``output`` of the model for every feed, stacked along the first axis; one thread, CPU."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return np.concatenate([np.asarray(session.run([output], dict(feed))[0]) for feed in feeds])
