"""Train a head for valence and arousal on a user's own rated faces, and say what it is worth on others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import Progress

from insula.edge.errors import DataError
from insula.models.face.model import ExpressionNet
from insula.models.face.va_evaluate import rated_card
from insula.models.face.va_fit import Head, fit_head
from insula.models.face.va_head import NAME
from insula.models.face.va_pack import Floats, load_va_pack, read_faces
from insula.models.manifest_writer import sha256, write_manifest
from insula.models.report import ReportCard
from insula.models.split import grouped_kfold

LEAST_GROUPS = 5
_OUTER_FOLDS = 5
_LEAST_ROWS = 100


def train(data: Path, out: Path, seed: int = 0) -> ReportCard:
    """Train on the pack ``data``; write ``face-va.onnx`` and ``face-va.toml`` into ``out``; print the card.

    The card's figures are of people left out, five folds; the head that ships is fitted on all. Raises
    ``DataError`` when the pack does not fit, or holds fewer than 5 people or 100 faces that can be judged.
    """
    console = Console()
    pack, net = load_va_pack(data), ExpressionNet()
    try:
        with Progress(console=console) as bar:
            task = bar.add_task("faces", total=1.0)
            readings = read_faces(net, pack.faces, lambda done: bar.update(task, completed=done))
        rows = np.flatnonzero(readings.measured)
        people = len(np.unique(pack.groups[rows]))
        if people < LEAST_GROUPS or len(rows) < _LEAST_ROWS:
            raise DataError(
                f"{data.name}: {len(rows)} faces of {people} people can be judged; "
                f"{_LEAST_ROWS} of {LEAST_GROUPS} are needed to train and to test on others"
            )
        x, y, groups = readings.inputs[rows], pack.ratings[rows], pack.groups[rows]
        mean, spread = left_out(x, y, groups, seed)
        card = rated_card(
            f"face valence/arousal, a head on {net.manifest.id}",
            data.name,
            pack,
            readings,
            net.va,
            (mean, spread),
            group_key=f"person, {_OUTER_FOLDS} folds, each predicted by a fit that never saw the person",
        )
        _write(out, fit_head(x, y, groups, seed), net, card, data, seed)
    finally:
        net.close()
    console.print(card.render(), highlight=False)
    return card


def left_out(x: Floats, y: Floats, groups: npt.NDArray[np.str_], seed: int) -> tuple[Floats, Floats]:
    """Means and standard deviations (n, 2) for every row from fits without its person."""
    mean, spread = np.full(y.shape, np.nan), np.full(y.shape, np.nan)
    folds = min(_OUTER_FOLDS, len(np.unique(groups)))
    for fold in grouped_kfold(groups, folds, group_key="person", seed=seed).folds:
        head = fit_head(x[fold.train], y[fold.train], groups[fold.train], seed)
        mean[fold.test], spread[fold.test] = head.predict(x[fold.test])
    return mean, spread


def to_onnx(head: Head) -> bytes:
    """``inputs`` (1, f) → ``values`` (1, 2), ``log_variances`` (1, 2); opset 17, IR 8."""
    import onnx  # training only: the product never loads it
    from onnx import TensorProto, helper, numpy_helper

    constants = {
        "value_weight": head.values.weight,
        "value_bias": head.values.bias,
        "variance_weight": head.log_variances.weight,
        "variance_bias": head.log_variances.bias,
        "lowest": head.bounds[:1],
        "highest": head.bounds[1:],
    }
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", ["inputs", "value_weight", "value_bias"], ["values"]),
            helper.make_node("Gemm", ["inputs", "variance_weight", "variance_bias"], ["free"]),
            helper.make_node("Max", ["free", "lowest"], ["raised"]),
            helper.make_node("Min", ["raised", "highest"], ["log_variances"]),
        ],
        NAME,
        [helper.make_tensor_value_info("inputs", TensorProto.FLOAT, [1, len(head.values.weight)])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2])
            for name in ("values", "log_variances")
        ],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


def _write(out: Path, head: Head, net: ExpressionNet, card: ReportCard, data: Path, seed: int) -> None:
    out.mkdir(parents=True, exist_ok=True)
    weights = out / f"{NAME}.onnx"
    weights.write_bytes(to_onnx(head))
    table: dict[str, Any] = {
        "name": NAME,
        "version": 1,
        "modality": "face",
        "file": weights.name,
        "sha256": sha256(weights),
        "preprocess": {
            "net": net.manifest.sha256,
            "inputs": "embedding and log-probabilities of that net, mean of the face and its mirror image",
            "ridge": list(head.strengths),
        },
        "card": {
            "what": "Valence and arousal of a face as the raters of one data set give them",
            "data": card.data,
            "licence": "that of the training set: yours to state before you pass it on",
            "split": card.group_key,
            "target": card.label_target,
            "recipe": f"insula train face-va --data {data.name} (seed {seed})",
            "not_for": [
                "reading what a person feels",
                "decisions about people",
                "other raters or cameras unseen",
            ],
            "caveats": ["figures are of people left out; the head itself is fitted on all of them"],
            "metrics": {s.name: round(float(s.value), 4) for s in card.metrics if s.value is not None},
            "floors": {s.name: round(float(s.value), 4) for s in card.floors if s.value is not None},
        },
    }
    write_manifest(out / f"{NAME}.toml", table)
