"""What every engine must do, as a check that third parties run on theirs as well.

::

    def test_my_engine(model: bytes):
        check_engine(MyEngine, model)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from insula.edge.engines.choice import on_cpu
from insula.edge.errors import EngineError
from insula.edge.protocols import Engine

Arrays = Mapping[str, npt.NDArray[np.generic]]


def check_engine(load: Callable[[bytes], Engine], model: bytes, tolerance: float = 1e-4) -> None:
    """Raise ``AssertionError`` when the engine does not keep the protocol's promises on ``model``.

    Its answers may differ from ONNX Runtime's on the CPU by ``tolerance`` (absolute and relative).
    """
    reference, engine = on_cpu(model), load(model)
    assert isinstance(engine, Engine), "inputs, provider, run or close is missing"
    assert engine.provider, "an engine says what really runs it"
    assert {(i.name, i.shape, i.dtype) for i in engine.inputs} == {
        (i.name, i.shape, i.dtype) for i in reference.inputs
    }
    rng = np.random.default_rng(0)
    feeds = [random_feed(engine, rng) for _ in range(3)]
    answers = [engine.run(feed) for feed in feeds]
    for feed, answer in zip(feeds, answers, strict=True):  # compared last: none may live in a reused buffer
        expected = reference.run(feed)
        assert set(answer) == set(expected)
        for name, value in expected.items():
            found = np.asarray(answer[name])
            assert (found.shape, found.dtype) == (value.shape, value.dtype), name
            assert np.allclose(found.astype(float), value.astype(float), tolerance, tolerance), name
    for spoiled in _spoiled(feeds[0]):
        _refuses(engine, spoiled)
    for name, again in engine.run(feeds[0]).items():
        assert np.array_equal(again, answers[0][name]), f"{name}: the same input twice, another answer"
    engine.close()
    reference.close()
    for damaged in (b"", b"not a model", model[: len(model) // 2]):
        try:
            load(damaged)
        except EngineError:
            continue
        raise AssertionError("a damaged model must raise EngineError")


def random_feed(engine: Engine, rng: np.random.Generator) -> dict[str, npt.NDArray[np.generic]]:
    """Normal numbers for every input of ``engine``."""
    return {i.name: rng.normal(size=i.shape).astype(i.dtype) for i in engine.inputs}


def _spoiled(feed: Arrays) -> list[dict[str, npt.NDArray[np.generic]]]:
    """Feeds with a wrong name, a missing input, a wrong shape and a wrong type."""
    name, array = next(iter(feed.items()))
    rest = {k: v for k, v in feed.items() if k != name}
    other = np.float16 if array.dtype != np.float16 else np.float32
    return [
        {**feed, "nobody's": array},
        rest,
        {**rest, name: array[None]},
        {**rest, name: array.astype(other)},
    ]


def _refuses(engine: Engine, feed: Arrays) -> None:
    try:
        engine.run(feed)
    except EngineError:
        return
    raise AssertionError(
        f"inputs {[(k, v.shape, str(v.dtype)) for k, v in feed.items()]} must raise EngineError"
    )
