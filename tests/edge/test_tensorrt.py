"""The TensorRT engine above its seam: cache, mismatches, buffers, graph. NVIDIA's side needs a GPU."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from insula.edge.engines.contract import check_engine
from insula.edge.engines.gpu import Buffer, Device
from insula.edge.engines.plan_cache import PlanCache, default_folder
from insula.edge.engines.simulated_gpu import SIMULATED, SimulatedGpu, SimulatedPlan
from insula.edge.engines.tensorrt import TensorRtEngine, build, open_gpu
from insula.edge.errors import EngineError
from insula.models import manifest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="plans are kept with a lock of POSIX")


def quiet(phase: str, done: int, of: int) -> None:
    pass


@pytest.fixture
def weights() -> bytes:
    return manifest.load("eda-stress").weights()


@pytest.fixture
def cache(tmp_path: Path) -> PlanCache:
    return PlanCache(tmp_path / "plans")


def test_the_engine_keeps_the_contract(cache: PlanCache) -> None:
    gpu = SimulatedGpu()
    for name in ("eda-stress", "eeg-workload-4", "face-expression"):
        content = manifest.load(name).weights()
        assert build(content, quiet, gpu=gpu, cache=cache)
        check_engine(lambda model: TensorRtEngine(model, gpu=gpu, cache=cache), content)
    assert gpu.open == 0, "every plan was released"


def test_the_provider_says_version_and_device(weights: bytes, cache: PlanCache) -> None:
    gpu = SimulatedGpu()
    build(weights, quiet, gpu=gpu, cache=cache)
    assert TensorRtEngine(weights, gpu=gpu, cache=cache).provider == "TensorRT 10.16.1 on simulated GPU"


def test_a_session_never_builds(weights: bytes, cache: PlanCache) -> None:
    gpu = SimulatedGpu()
    with pytest.raises(EngineError, match=r"no TensorRT plan of this model was built.*insula models build"):
        TensorRtEngine(weights, gpu=gpu, cache=cache)
    assert gpu.built == 0


def test_a_plan_is_built_once_with_progress(weights: bytes, cache: PlanCache) -> None:
    gpu, told = SimulatedGpu(), []
    assert build(weights, lambda *step: told.append(step), gpu=gpu, cache=cache)
    assert not build(weights, quiet, gpu=gpu, cache=cache)
    assert gpu.built == 1
    assert told == [("building", 1, 2), ("building", 2, 2)]
    assert not list(cache.folder.glob("*.part"))


@pytest.mark.parametrize("field", [f.name for f in dataclasses.fields(Device)])
def test_another_device_driver_or_version_is_another_plan(
    field: str, weights: bytes, cache: PlanCache
) -> None:
    build(weights, quiet, gpu=SimulatedGpu(), cache=cache)
    here = dataclasses.replace(SIMULATED, **{field: "another"})
    gpu = SimulatedGpu(here)
    was = getattr(SIMULATED, field)
    with pytest.raises(EngineError, match=f"there is one whose {field} is {was}, here another; run"):
        TensorRtEngine(weights, gpu=gpu, cache=cache)
    assert build(weights, quiet, gpu=gpu, cache=cache)
    TensorRtEngine(weights, gpu=gpu, cache=cache).close()
    TensorRtEngine(weights, gpu=SimulatedGpu(), cache=cache).close()  # the other one is still there


def test_another_model_is_another_plan(weights: bytes, cache: PlanCache) -> None:
    gpu = SimulatedGpu()
    build(weights, quiet, gpu=gpu, cache=cache)
    with pytest.raises(EngineError, match="no TensorRT plan of this model was built for simulated GPU; run"):
        TensorRtEngine(manifest.load("eda-stress-pulse").weights(), gpu=gpu, cache=cache)


@pytest.mark.parametrize("spoil", ["cut", "flip", "empty"])
def test_a_damaged_plan_is_an_error_and_is_built_again(spoil: str, weights: bytes, cache: PlanCache) -> None:
    gpu = SimulatedGpu()
    build(weights, quiet, gpu=gpu, cache=cache)
    path = cache.path(weights, gpu.device)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes({"cut": content[:-9], "flip": content, "empty": b""}[spoil])
    with pytest.raises(EngineError, match=r"is damaged .*delete it and run 'insula models build'"):
        TensorRtEngine(weights, gpu=gpu, cache=cache)
    assert build(weights, quiet, gpu=gpu, cache=cache)
    TensorRtEngine(weights, gpu=gpu, cache=cache).close()


def test_a_plan_put_in_anothers_place_does_not_fit(weights: bytes, cache: PlanCache) -> None:
    old, new = SimulatedGpu(), SimulatedGpu(dataclasses.replace(SIMULATED, tensorrt="10.3.0"))
    build(weights, quiet, gpu=old, cache=cache)
    cache.path(weights, old.device).rename(cache.path(weights, new.device))
    with pytest.raises(EngineError, match=r"does not fit: tensorrt is 10\.16\.1, here 10\.3\.0"):
        TensorRtEngine(weights, gpu=new, cache=cache)


def test_a_failed_build_leaves_nothing(weights: bytes, cache: PlanCache) -> None:
    class Broken(SimulatedGpu):
        def build(self, model: bytes, progress: object) -> bytes:
            raise EngineError("TensorRT cannot read the model: Conv_7")

    with pytest.raises(EngineError, match="Conv_7"):
        build(weights, quiet, gpu=Broken(), cache=cache)
    assert not [p for p in cache.folder.iterdir() if p.suffix != ".lock"]


def test_a_folder_that_cannot_be_written_is_named(weights: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EngineError, match="cannot be written"):
        build(weights, quiet, gpu=SimulatedGpu(), cache=PlanCache(tmp_path / "file" / "plans"))


def test_two_at_once_build_once(weights: bytes, cache: PlanCache) -> None:
    gpu = SimulatedGpu()
    threads = [threading.Thread(target=build, args=(weights, quiet), kwargs={"gpu": gpu, "cache": cache})]
    threads += [threading.Thread(target=build, args=(weights, quiet), kwargs={"gpu": gpu, "cache": cache})]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert gpu.built == 1


def test_a_builder_that_was_killed_leaves_no_lock(weights: bytes, cache: PlanCache) -> None:
    lock = cache.path(weights, SIMULATED).with_suffix(".lock")
    lock.parent.mkdir(parents=True)
    program = (
        "import fcntl, os, sys; fcntl.flock(open(sys.argv[1], 'w'), 2); "
        "print(1, flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(lock)], capture_output=True, check=False)
    assert done.stdout == b"1\n"
    assert build(weights, quiet, gpu=SimulatedGpu(), cache=cache)


def test_results_do_not_share_the_pinned_memory(weights: bytes, cache: PlanCache) -> None:
    gpu = SimulatedGpu()
    build(weights, quiet, gpu=gpu, cache=cache)
    engine = TensorRtEngine(weights, gpu=gpu, cache=cache)
    (spec,) = engine.inputs
    first = engine.run({"x": np.ones(spec.shape, np.float32)})["logits"]
    kept = first.copy()
    engine.run({"x": -np.ones(spec.shape, np.float32)})
    assert np.array_equal(first, kept)


def test_a_fault_of_cuda_is_an_engine_error_and_releases_the_device(weights: bytes, cache: PlanCache) -> None:
    class OutOfMemory(SimulatedPlan):
        def buffer(self, tensor: object) -> Buffer:
            raise EngineError("CUDA: out of memory (cudaMalloc)")

    class Small(SimulatedGpu):
        def load(self, plan: bytes) -> SimulatedPlan:
            self.open += 1
            return OutOfMemory(manifest.load("eda-stress").weights(), self._closed)

    gpu = Small()
    build(weights, quiet, gpu=gpu, cache=cache)
    with pytest.raises(EngineError, match="out of memory"):
        TensorRtEngine(weights, gpu=gpu, cache=cache)
    assert gpu.open == 0


def test_without_tensorrt_it_says_what_to_install() -> None:
    try:
        import tensorrt  # noqa: F401
    except ImportError:
        pass
    else:
        pytest.skip("TensorRT is installed here")
    with pytest.raises(EngineError, match=r"TensorRT is not installed here .*--system-site-packages"):
        open_gpu()


def test_the_folder_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("INSULA_PLANS", str(tmp_path))
    assert default_folder() == tmp_path
    monkeypatch.delenv("INSULA_PLANS")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "insula" / "tensorrt"


def test_the_real_engine_keeps_the_contract(cache: PlanCache) -> None:
    try:
        gpu = open_gpu()
    except EngineError as error:
        pytest.skip(str(error))
    content = manifest.load("face-expression").weights()
    build(content, quiet, gpu=gpu, cache=cache)
    check_engine(lambda model: TensorRtEngine(model, gpu=gpu, cache=cache), content, 5e-2)
