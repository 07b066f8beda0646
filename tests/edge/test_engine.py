from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from insula.edge import config
from insula.edge.engines.choice import AUTO, PROVIDERS, Engines, load, names
from insula.edge.engines.contract import check_engine
from insula.edge.engines.onnx import OnnxEngine
from insula.edge.errors import ConfigError, EngineError
from insula.models import manifest

HERE = set(ort.get_available_providers())


def proto(shape: tuple[int | str, ...] = (1, 3)) -> onnx.ModelProto:
    """y = 2 x, of opset 17 and IR 9 as our weights are."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)
    two = numpy_helper.from_array(np.full((1,), 2.0, np.float32), "two")
    graph = helper.make_graph([helper.make_node("Mul", ["x", "two"], ["y"])], "double", [x], [y], [two])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def model(shape: tuple[int | str, ...] = (1, 3)) -> bytes:
    return bytes(proto(shape).SerializeToString())


def in_another_file(folder: Path, size: int = 4) -> bytes:
    """The same, its constant kept in a second file."""
    made = proto((1, size))
    made.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.full((size,), 2.0, np.float32), "two"))
    path = folder / "split.onnx"
    onnx.save(made, str(path), save_as_external_data=True, location="weights.bin", size_threshold=0)
    return path.read_bytes()


@pytest.mark.parametrize("use", PROVIDERS)
def test_every_provider_keeps_the_contract(use: str) -> None:
    if PROVIDERS[use] not in HERE:
        pytest.skip(f"this onnxruntime has no {PROVIDERS[use]}")
    check_engine(lambda content: load(content, use), model())
    for name in manifest.names():
        # int8 layers are rounded one step apart by different libraries: 0.06 in logits on OpenVINO
        tolerance = 0.1 if name == "face-expression" else 1e-3
        check_engine(lambda content: load(content, use), manifest.load(name).weights(), tolerance)


def test_a_model_runs_where_it_was_asked_to() -> None:
    engine = OnnxEngine(model())
    assert engine.provider == "CPUExecutionProvider"
    assert {i.name: i.shape for i in engine.inputs} == {"x": (1, 3)}
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
    absent = next(p for p in PROVIDERS.values() if p not in HERE)
    with pytest.raises(EngineError, match=f"{absent} is not part of this onnxruntime"):
        OnnxEngine(model(), provider=absent)


def test_a_file_that_is_no_model_and_a_dynamic_one_are_refused() -> None:
    with pytest.raises(EngineError, match="not an ONNX file"):
        OnnxEngine(b"not a model")
    with pytest.raises(EngineError, match="cannot load"):
        OnnxEngine(b"")
    with pytest.raises(EngineError, match="dynamic shape"):
        OnnxEngine(model(("n", 3)))


def test_weights_in_another_file_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = in_another_file(tmp_path, 400)
    monkeypatch.chdir(tmp_path)  # where ONNX Runtime would find, and take, whatever bears that name
    assert ort.InferenceSession(content).get_outputs()
    with pytest.raises(EngineError, match="weights or compiled parts in other files"):
        OnnxEngine(content)


def test_weights_in_another_file_are_found_wherever_they_hide(tmp_path: Path) -> None:
    hidden = onnx.load_model_from_string(in_another_file(tmp_path)).graph.initializer[0]
    constant = helper.make_node("Constant", [], ["c"], value=hidden)
    branch = helper.make_graph([constant], "branch", [], [helper.make_tensor_value_info("c", 1, [4])])
    choose = helper.make_node("If", ["on"], ["z"], then_branch=branch, else_branch=branch)
    outer = proto()
    outer.graph.node.append(choose)
    with pytest.raises(EngineError, match="weights or compiled parts in other files"):
        OnnxEngine(bytes(outer.SerializeToString()))
    function = proto()
    made = helper.make_function("own", "F", [], ["c"], [constant], [helper.make_opsetid("", 17)])
    function.functions.append(made)
    with pytest.raises(EngineError, match="weights or compiled parts in other files"):
        OnnxEngine(bytes(function.SerializeToString()))


def test_a_part_compiled_elsewhere_is_refused() -> None:
    compiled = proto()
    compiled.graph.node[0].op_type = "EPContext"
    with pytest.raises(EngineError, match="compiled parts in other files"):
        OnnxEngine(bytes(compiled.SerializeToString()))


def test_a_file_nested_without_end_is_refused() -> None:
    field = b""
    for number in (*((6, 5, 1) * 2000), 7):  # from the inside out: … graph of attribute of node of the graph
        size, rest = b"", len(field)
        while rest > 0x7F:
            size, rest = size + bytes([rest & 0x7F | 0x80]), rest >> 7
        field = bytes([number << 3 | 2]) + size + bytes([rest]) + field
    with pytest.raises(EngineError, match="not an ONNX file, or it is damaged"):
        OnnxEngine(field)


def test_auto_says_what_it_passed_over_and_why() -> None:
    engines = Engines(use="auto")
    engine = engines(model())
    assert engine.provider == engines.provider
    before = AUTO[: AUTO.index(next(name for name in AUTO if PROVIDERS.get(name) == engine.provider))]
    assert engines.note.startswith(f"on {engine.provider}, not on tensorrt: TensorRT is not installed here")
    assert all(name in engines.note for name in before)


def test_without_auto_nothing_falls_back() -> None:
    absent = next(name for name, provider in PROVIDERS.items() if provider not in HERE)
    engines = Engines(use=absent)
    with pytest.raises(EngineError, match="is not part of this onnxruntime"):
        engines(model())
    assert engines.provider == ""


def test_the_default_is_the_cpu_without_a_word() -> None:
    engines = Engines()
    engines(model())
    assert (engines.provider, engines.note) == ("CPUExecutionProvider", "")


def test_auto_that_finds_nothing_names_every_reason() -> None:
    with pytest.raises(EngineError, match=r"no engine can run this model; tensorrt: .*; cpu: "):
        Engines(use="auto")(b"not a model")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"use": "cudda"}, "did you mean 'cuda'"),
        ({"threads": 0}, "should be 1 or more"),
        ({"threads": "two"}, "a whole number"),
        ({"cores": [99999]}, "usable here are"),
        ({"gpu": 1}, "unknown key 'gpu' in \\[engine\\]"),
    ],
)
def test_the_table_is_checked_at_the_door(table: dict[str, object], message: str) -> None:
    raw = {"sensors": {"face": {"driver": "simulated_face"}}, "engine": table}
    if "cores" in table and not hasattr(os, "sched_getaffinity"):
        message = "Linux only"
    with pytest.raises(ConfigError, match=message):
        config.parse(raw)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="pinning is for Linux")
def test_threads_are_pinned_to_the_cores() -> None:
    before = os.sched_getaffinity(0)
    core = min(before)
    engines = Engines(threads=2, cores=[core])
    try:
        engines.pin()
        assert os.sched_getaffinity(0) == {core}
        assert engines(model()).run({"x": np.ones((1, 3), np.float32)})["y"][0, 0] == 2.0
    finally:
        os.sched_setaffinity(0, before)


def test_every_engine_has_one_name() -> None:
    assert names()[: len(AUTO)] == list(AUTO)
    assert len(set(names())) == len(names())


def test_the_helper_makes_what_our_runtime_supports() -> None:
    assert onnx.load_model_from_string(model()).ir_version <= 10
