from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from insula.edge.engines.onnx import OnnxEngine
from insula.edge.errors import ModelError
from insula.models import quantize
from insula.models.qdq import without_pairs

Feeds = list[dict[str, npt.NDArray[np.generic]]]


def residual_net(path: Path) -> None:
    """Stem, one residual block whose tensors have two readers each, pooled scores."""
    rng = np.random.default_rng(0)

    def kernel(name: str, outputs: int, inputs: int) -> onnx.TensorProto:
        weights = rng.normal(size=(outputs, inputs, 3, 3)) / np.sqrt(9 * inputs)
        return numpy_helper.from_array(weights.astype(np.float32), name)

    def conv(name: str, source: str, target: str) -> onnx.NodeProto:
        return helper.make_node("Conv", [source, name], [target], name, pads=[1, 1, 1, 1])

    graph = helper.make_graph(
        [
            conv("w0", "x", "a"),
            helper.make_node("Relu", ["a"], ["b"], "relu0"),
            conv("w1", "b", "c"),
            helper.make_node("GlobalAveragePool", ["c"], ["m"], "squeeze"),
            helper.make_node("Sigmoid", ["m"], ["g"], "gate"),
            helper.make_node("Mul", ["c", "g"], ["d"], "excite"),
            helper.make_node("Add", ["b", "d"], ["e"], "shortcut"),
            helper.make_node("Relu", ["e"], ["f"], "relu1"),
            conv("w2", "f", "h"),
            helper.make_node("GlobalAveragePool", ["h"], ["p"], "pool"),
            helper.make_node("Flatten", ["p"], ["y"], "flat"),
        ],
        "residual",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 24, 24])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 5])],
        [kernel("w0", 16, 1), kernel("w1", 16, 16), kernel("w2", 5, 16)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", quantize.OPSET)])
    model.ir_version = 9
    onnx.save(model, str(path))


@pytest.fixture
def feeds() -> Feeds:
    rng = np.random.default_rng(1)
    return [{"x": rng.normal(size=(1, 1, 24, 24)).astype(np.float32)} for _ in range(24)]


@pytest.fixture
def models(tmp_path: Path, feeds: Feeds) -> tuple[Path, Path]:
    fp32, int8 = tmp_path / "fp32.onnx", tmp_path / "int8.onnx"
    residual_net(fp32)
    quantize.quantize(fp32, int8, feeds)
    return fp32, int8


def test_int8_is_close_to_fp32(models: tuple[Path, Path], feeds: Feeds) -> None:
    found = quantize.parity(*models, feeds, "y")
    spread = quantize.run_all(models[0], feeds, "y").std()
    assert found.items == 24
    assert found.mean_error < 0.1 * spread
    assert found.same_top > 0.8


def test_int8_is_signed_symmetric_and_old_enough_for_both_engines(models: tuple[Path, Path]) -> None:
    quantize.check(models[1])
    assert onnx.load(str(models[1])).ir_version <= quantize.MAX_IR


def test_every_convolution_runs_in_int8(models: tuple[Path, Path], tmp_path: Path) -> None:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    options.log_severity_level = 3
    ort.InferenceSession(str(models[1]), options, providers=["CPUExecutionProvider"])
    kinds = [node.op_type for node in onnx.load(options.optimized_model_filepath).graph.node]
    assert kinds.count("QLinearConv") == 3
    assert "Conv" not in kinds


def test_the_engine_loads_it(models: tuple[Path, Path], feeds: Feeds) -> None:
    engine = OnnxEngine(models[1].read_bytes())
    assert engine.run(feeds[0])["y"].shape == (1, 5)
    engine.close()


def test_without_its_pairs_it_is_the_fp32_network_again(models: tuple[Path, Path], feeds: Feeds) -> None:
    model = onnx.load(str(models[1]))
    without_pairs(model)
    assert not [n for n in model.graph.node if n.op_type in ("QuantizeLinear", "DequantizeLinear")]
    onnx.save(model, str(models[1]))
    assert quantize.parity(*models, feeds, "y").max_error < 1e-4


def test_excluded_nodes_stay_fp32(tmp_path: Path, feeds: Feeds) -> None:
    fp32, int8 = tmp_path / "fp32.onnx", tmp_path / "int8.onnx"
    residual_net(fp32)
    quantize.quantize(fp32, int8, feeds, exclude=["w2"])
    model = onnx.load(str(int8))
    node = next(n for n in model.graph.node if n.name == "w2")
    assert node.input[1] == "w2"


def test_percentile_ranges_work(tmp_path: Path, feeds: Feeds) -> None:
    fp32, int8 = tmp_path / "fp32.onnx", tmp_path / "int8.onnx"
    residual_net(fp32)
    quantize.quantize(fp32, int8, feeds, percentile=99.9)
    quantize.check(int8)


def test_check_refuses_fp32(models: tuple[Path, Path]) -> None:
    with pytest.raises(ModelError, match="nothing was quantized"):
        quantize.check(models[0])


def test_check_refuses_a_zero_point(models: tuple[Path, Path]) -> None:
    model = onnx.load(str(models[1]))
    zero = next(i for i in model.graph.initializer if i.data_type == TensorProto.INT8)
    zero.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(zero) + np.int8(3), zero.name))
    onnx.save(model, str(models[1]))
    with pytest.raises(ModelError, match="zero point 0"):
        quantize.check(models[1])


def test_check_refuses_a_new_file_format(models: tuple[Path, Path]) -> None:
    model = onnx.load(str(models[1]))
    model.ir_version = quantize.MAX_IR + 1
    onnx.save(model, str(models[1]))
    with pytest.raises(ModelError, match="IR version"):
        quantize.check(models[1])
