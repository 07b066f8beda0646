from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from insula.edge.engines.onnx import OnnxEngine
from insula.edge.errors import EngineError
from insula.edge.protocols import Engine


def model(shape: tuple[int | str, ...] = (1, 3)) -> bytes:
    """y = 2 x, of opset 17 and IR 9 as our weights are."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)
    two = helper.make_tensor("two", TensorProto.FLOAT, (1,), [2.0])
    graph = helper.make_graph([helper.make_node("Mul", ["x", "two"], ["y"])], "double", [x], [y], [two])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(made.SerializeToString())


def test_a_model_runs_where_it_was_asked_to() -> None:
    engine = OnnxEngine(model())
    assert isinstance(engine, Engine)
    assert engine.provider == "CPUExecutionProvider"
    assert engine.input_shapes == {"x": (1, 3)}
    result = engine.run({"x": np.array([[1, 2, 3]], np.float32)})
    assert np.array_equal(result["y"], [[2, 4, 6]])
    engine.close()


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"x": np.zeros((2, 3), np.float32)}, r"must be float32 \(1, 3\), not float32 \(2, 3\)"),
        ({"x": np.zeros((1, 3))}, "not float64"),
        ({"z": np.zeros((1, 3), np.float32)}, "the model takes"),
        ({}, "the model takes"),
    ],
)
def test_wrong_input_is_refused_by_name(inputs: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(EngineError, match=message):
        OnnxEngine(model()).run(inputs)


def test_a_provider_that_is_not_there_is_an_error_never_the_cpu() -> None:
    with pytest.raises(EngineError, match="CUDAExecutionProvider is not part of this onnxruntime"):
        OnnxEngine(model(), provider="CUDAExecutionProvider")


def test_a_file_that_is_no_model_and_a_dynamic_one_are_refused() -> None:
    with pytest.raises(EngineError, match="cannot load"):
        OnnxEngine(b"not a model")
    with pytest.raises(EngineError, match="dynamic shape"):
        OnnxEngine(model(("n", 3)))


def test_the_helper_makes_what_our_runtime_supports() -> None:
    assert onnx.load_model_from_string(model()).ir_version <= 10
