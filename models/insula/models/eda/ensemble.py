"""A small ensemble of logistic regressions on standardised features, written as one static ONNX graph.

Each member is fitted on its own draw of people, so that their spread shows how much the answer depends on
who was in the training set. A hidden layer gained nothing on held-out people and lost on the other data
set (``docs/validity.md``), so there is none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

MEMBERS = 8
RIDGE = 0.005
CLIP = 4.0
_STEPS = 30


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Member logits are ``standardise(x, mean, sd) @ weight.T + bias``: weight (m, f), bias (m,)."""

    mean: Array
    sd: Array
    weight: Array
    bias: Array

    def logits(self, x: Array) -> Array:
        """Member logits ``(n, m)`` of raw inputs ``(n, f)``."""
        out: Array = standardise(x, self.mean, self.sd) @ self.weight.T + self.bias
        return out


def standardise(x: Array, mean: Array, sd: Array) -> Array:
    """Standardised, clipped to ±4, with the training mean where nothing was measured (NaN)."""
    z: Array = np.clip(np.nan_to_num((x - mean) / sd, nan=0.0), -CLIP, CLIP)
    return z


def fit(x: Array, y: npt.NDArray[np.int64], person: npt.NDArray[np.str_], seed: int) -> Ensemble:
    """Fit on rows ``x`` (n, f; NaN allowed) with labels 0/1; people and their classes weigh the same."""
    mean, sd = np.nanmean(x, axis=0), np.nanstd(x, axis=0) + 1e-6
    z = standardise(x, mean, sd)
    rng = np.random.default_rng(seed)
    people, whose = np.unique(person, return_inverse=True)
    even = even_weights(y, person)
    members = []
    for _ in range(MEMBERS):
        drawn = np.bincount(rng.choice(len(people), len(people)), minlength=len(people))
        members.append(_logistic(z, y, even * drawn[whose]))
    theta = np.stack(members)
    return Ensemble(mean, sd, theta[:, :-1], theta[:, -1])


def even_weights(y: npt.NDArray[np.int64], person: npt.NDArray[np.str_]) -> Array:
    """Weights that give every person, and within a person both classes, the same sum."""
    names = np.char.add(np.char.add(person, "|"), y.astype(np.str_))
    _, inverse, counts = np.unique(names, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / counts[inverse], np.float64)


def _logistic(z: Array, y: npt.NDArray[np.int64], weight: Array) -> Array:
    """Newton's method on the weighted mean log-loss plus ``RIDGE/2 · |w|²``; the bias is not penalised."""
    design = np.column_stack([z, np.ones(len(z))])
    share = weight / weight.sum()
    penalty = np.append(np.full(z.shape[1], RIDGE), 0.0)
    theta = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        p = 1.0 / (1.0 + np.exp(-design @ theta))
        gradient = design.T @ (share * (p - y)) + penalty * theta
        hessian = (design * (share * p * (1 - p))[:, None]).T @ design + np.diag(penalty + 1e-9)
        step = np.linalg.solve(hessian, gradient)
        theta = theta - step
        if np.abs(step).max() < 1e-10:
            break
    return theta


def to_onnx(ensemble: Ensemble) -> bytes:
    """The network from standardised input ``x`` (1, f) to member ``logits`` (1, m); opset 17, IR 8."""
    import onnx  # training only: the product never loads it
    from onnx import TensorProto, helper, numpy_helper

    members, n_in = ensemble.weight.shape
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["x", "weight", "bias"], ["logits"], transB=1)],
        "stress",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, n_in])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, members])],
        [
            numpy_helper.from_array(ensemble.weight.astype(np.float32), "weight"),
            numpy_helper.from_array(ensemble.bias.astype(np.float32), "bias"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content
