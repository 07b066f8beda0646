from __future__ import annotations

import numpy as np
import onnx
import pytest

from insula.edge.engines.onnx import OnnxEngine
from insula.edge.errors import ModelError
from insula.models import manifest
from insula.models.manifest import Card, Manifest


def test_every_shipped_model_is_whole_runs_and_has_an_honest_card() -> None:
    assert manifest.names()
    for name in manifest.names():
        model = manifest.load(name)
        assert model.name == name
        weights = model.weights()
        engine = OnnxEngine(weights)
        outputs = engine.run({i.name: np.zeros(i.shape, i.dtype) for i in engine.inputs})
        assert all(np.isfinite(v).all() for v in outputs.values()), name
        parsed = onnx.load_model_from_string(weights)
        assert parsed.ir_version <= 10, name
        assert all(17 <= o.version <= 20 for o in parsed.opset_import if o.domain in ("", "ai.onnx")), name
        assert not any(t.external_data for t in parsed.graph.initializer), name
        card = model.card
        assert card.what, name
        assert card.licence, name
        assert card.split, name
        assert card.target, name
        assert card.recipe.startswith("insula train"), name
        assert card.not_for, name
        assert card.caveats, name
        assert card.metrics, name
        assert card.floors, name


def test_an_unknown_model_is_named_with_those_there_are() -> None:
    with pytest.raises(ModelError, match="there is no model 'nonsense'; shipped are"):
        manifest.load("nonsense")


def test_weights_that_are_not_the_manifests_are_refused() -> None:
    good = manifest.load(manifest.names()[0])
    card = Card("", "", "", "", "", "", (), (), {}, {})
    wrong = Manifest(good.name, 1, "face", good.file, "0" * 64, {}, card)
    with pytest.raises(ModelError, match="does not match its manifest"):
        wrong.weights()
    absent = Manifest(good.name, 1, "face", "absent.onnx", "0" * 64, {}, card)
    with pytest.raises(ModelError, match="missing from the installation"):
        absent.weights()
