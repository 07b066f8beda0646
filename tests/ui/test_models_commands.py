"""``insula models bench``, ``build`` and ``quantize`` as their user meets them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from insula.edge.engines import trial
from insula.edge.engines.choice import PROVIDERS
from insula.edge.errors import ConfigError, DataError, EngineError, ModelError
from insula.models import manifest, quantize
from insula.ui.commands import engines, quantizing
from insula.ui.terminal import console

N_CLASSES = 4


@pytest.fixture
def fp32(tmp_path: Path) -> Path:
    """Scores of four classes from eight numbers, by two layers."""
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=s).astype(np.float32) for s in ((8, 32), (32, N_CLASSES))]
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "w0"], ["a"], "hidden"),
            helper.make_node("Relu", ["a"], ["b"], "relu"),
            helper.make_node("MatMul", ["b", "w1"], ["y"], "out"),
        ],
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, N_CLASSES])],
        [numpy_helper.from_array(w, f"w{i}") for i, w in enumerate(weights)],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    path = tmp_path / "small.onnx"
    onnx.save(made, str(path))
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data.npz"
    np.savez(path, x=np.random.default_rng(1).normal(size=(200, 8)).astype(np.float32))
    return path


def run(model: Path, data: Path, **options: object) -> str:
    given = {"out": None, "limit": 0.1, "output": "", "percentile": None, "keep": ()} | options
    with console.capture() as shown:
        quantizing.run(model, data, **given)  # type: ignore[arg-type]
    return shown.get()


def test_quantize_writes_one_file_that_both_engines_read(fp32: Path, data: Path) -> None:
    said = run(fp32, data)
    assert "of 40 items" in said
    quantize.check(fp32.with_name("small-int8.onnx"))


def test_nodes_are_kept_in_fp32_by_pattern(fp32: Path, data: Path) -> None:
    run(fp32, data, keep=["hid*"])
    nodes = {node.name: node for node in onnx.load(str(fp32.with_name("small-int8.onnx"))).graph.node}
    assert nodes["hidden"].input[1] == "w0"
    assert nodes["out"].input[1] != "w1"


def test_the_gate_refuses_and_writes_nothing(fp32: Path, data: Path, tmp_path: Path) -> None:
    x = np.random.default_rng(2).normal(size=(200, 8)).astype(np.float32)
    x[0] *= 1e4  # one item of another world takes all the resolution
    np.savez(data, x=x)
    with pytest.raises(ModelError, match=r"int8 loses 0\.\d+, more than --limit 0\.02: nothing was written"):
        run(fp32, data, limit=0.02)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data.npz", "small.onnx"]


def test_labels_make_the_loss_an_accuracy(fp32: Path, data: Path) -> None:
    x = np.load(data)["x"]
    truth = quantize.run_all(fp32, [{"x": row[None]} for row in x], "y").argmax(1)
    np.savez(data, x=x, labels=truth)
    assert "fp32 1.0000" in run(fp32, data)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"output": "z"}, ConfigError, "no output 'z'"),
        ({"keep": ["hiden"]}, ConfigError, "did you mean 'hidden'"),
        ({"out": Path("/nowhere/at/all.onnx")}, DataError, "there is no folder"),
    ],
)
def test_quantize_names_what_is_wrong(
    fp32: Path, data: Path, options: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        run(fp32, data, **options)


def test_too_few_items_are_refused(fp32: Path, data: Path) -> None:
    np.savez(data, x=np.zeros((5, 8), np.float32))
    with pytest.raises(DataError, match="holds 5 items; 20 or more"):
        run(fp32, data)


def test_bench_prints_what_each_engine_costs_and_which_are_not_here() -> None:
    absent = next(name for name, found in PROVIDERS.items() if found not in ort.get_available_providers())
    with console.capture() as shown:
        engines.bench(["face-expression"], ["cpu", absent], None, 10)
    said = shown.get()
    assert said.count("face-expression") >= 2
    assert "fp32 cpu" in said
    assert "int8 cpu" in said
    assert f"○ {absent}: not part of this onnxruntime" in said


def test_bench_refuses_what_it_does_not_know(data: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean 'cuda'"):
        engines.bench([], ["cudda"], None, 10)
    with pytest.raises(ConfigError, match="did you mean 'eda-stress'"):
        engines.bench(["eda-stres"], [], None, 10)
    with pytest.raises(ConfigError, match="name it"):
        engines.bench([], [], data, 10)


def test_a_trial_measures_in_a_process_of_its_own() -> None:
    content = manifest.load("eda-stress").weights()
    n = len(manifest.load("eda-stress").preprocess["inputs"])
    feeds = [{"x": np.full((1, n), value, np.float32)} for value in (0.0, 1.0)]
    found = trial.measure(content, "cpu", feeds, 20)
    assert found.provider == "CPUExecutionProvider"
    assert 0 < found.p50_ms <= found.p99_ms
    assert len(found.answers) == 2
    with pytest.raises(EngineError, match="not an ONNX file"):
        trial.measure(b"no model", "cpu", feeds, 20)


def test_build_without_a_gpu_says_what_is_missing() -> None:
    if importlib.util.find_spec("tensorrt") is not None:
        pytest.skip("TensorRT is installed here")
    with pytest.raises(EngineError, match="TensorRT is not installed here"):
        engines.build([])
