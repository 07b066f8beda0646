from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from insula.edge.engines.onnx import OnnxEngine
from insula.models.eeg.montage import MASKED, TEN_TWENTY
from insula.models.eeg.sets import deap, dreamer, seed

torch = pytest.importorskip("torch", reason="training needs the [train] extra")

from insula.models.eeg import rb_fit  # noqa: E402
from insula.models.eeg.rbtransformer import (  # noqa: E402
    FORK,
    PAPER,
    SMALL,
    RBTransformer,
    Shape,
    bias_of,
    carried,
    export,
)

EIGHT = ("Fp1", "Fp2", "C3", "C4", "P7", "P8", "O1", "O2")
MONTAGES = {8: EIGHT, 14: dreamer.CH_NAMES, 19: TEN_TWENTY, 32: deap.CH_NAMES, 62: seed.CH_NAMES}
TINY = Shape(16, 1, 2, 8, 16)


def net(names: tuple[str, ...], shape: Shape = SMALL, n_classes: int = 2) -> RBTransformer:
    torch.manual_seed(0)
    return RBTransformer(names, 4, n_classes, shape).eval()


def n_parameters(model: RBTransformer) -> int:
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(("n", "parameters"), [(14, 662_530), (32, 664_834)])
def test_the_forks_constants_give_its_parameter_count(n: int, parameters: int) -> None:
    assert n_parameters(net(MONTAGES[n], FORK.shape)) == parameters


def test_the_paper_has_a_single_linear_head_and_its_own_bands() -> None:
    assert isinstance(net(EIGHT, PAPER.shape).head, torch.nn.Linear)
    assert PAPER.bands.edges_hz[1] == (8.0, 13.0)
    assert FORK.bands.edges_hz[1] == (8.0, 14.0)
    assert PAPER.per_channel
    assert not FORK.per_channel


@pytest.mark.parametrize("n", sorted(MONTAGES))
def test_every_montage_exports_statically_and_agrees_with_torch(n: int, tmp_path: Path) -> None:
    names = MONTAGES[n]
    assert len(names) == n
    model = carried(net(TEN_TWENTY), names)
    export(model, tmp_path / "net.onnx")
    parsed = onnx.load(tmp_path / "net.onnx")
    assert parsed.ir_version <= 10
    engine = OnnxEngine((tmp_path / "net.onnx").read_bytes())
    assert {i.name: i.shape for i in engine.inputs} == {"tokens": (1, n, 4), "bias": (1, n)}
    tokens = np.random.default_rng(n).normal(size=(1, n, 4)).astype(np.float32)
    usable = np.arange(n)[None] % 5 != 0
    out = engine.run({"tokens": tokens, "bias": bias_of(usable)})
    with torch.no_grad():
        logits, attention = model(torch.as_tensor(tokens), torch.as_tensor(bias_of(usable)))
    np.testing.assert_allclose(out["logits"], logits.numpy(), atol=1e-5)
    np.testing.assert_allclose(out["attention"], attention.numpy(), atol=1e-5)
    np.testing.assert_allclose(out["attention"].sum(axis=-1), 1.0, atol=1e-5)


def test_a_masked_electrode_changes_nothing_whatever_it_says() -> None:
    model = net(EIGHT)
    tokens = torch.randn(1, 8, 4)
    wild = tokens.clone()
    wild[:, 3] = 1e3
    bias = torch.zeros(1, 8)
    bias[:, 3] = MASKED
    with torch.no_grad():
        a, attention = model(tokens, bias)
        b, _ = model(wild, bias)
        unmasked, _ = model(wild, torch.zeros(1, 8))
    torch.testing.assert_close(a, b)
    assert float(attention[0, :, 3].max()) == 0.0
    assert not torch.allclose(a, unmasked)


def test_masking_every_electrode_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        bias_of(np.zeros((1, 4), bool))


def test_identities_follow_the_electrodes_to_another_cap() -> None:
    model = net(TEN_TWENTY)
    same = carried(model, tuple(reversed(TEN_TWENTY)))
    tokens = torch.randn(2, 19, 4)
    with torch.no_grad():
        a, _ = model(tokens, torch.zeros(2, 19))
        b, _ = same(tokens.flip(1), torch.zeros(2, 19))
    torch.testing.assert_close(a, b)
    table = carried(model, EIGHT).identity[0]
    torch.testing.assert_close(table[0], model.identity[0, 0])  # Fp1 is in both


def test_training_learns_a_pattern_over_electrodes_and_masked_rows_still_work() -> None:
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 400)
    tokens = rng.normal(size=(400, 8, 4))
    tokens[:, 6:, 1] -= 3 * label[:, None]  # alpha falls at the back
    model = rb_fit.fit(
        EIGHT,
        tokens[:300],
        label[:300],
        np.ones(300),
        n_classes=2,
        shape=TINY,
        schedule=rb_fit.Schedule(25, batch=50, rate=5e-3, mask=0.1),
        seed=0,
    )
    hits = rb_fit.logits_of(model, tokens[300:]).argmax(axis=1) == label[300:]
    assert hits.mean() > 0.9
    usable = np.ones(8, bool)
    usable[6] = False
    assert (rb_fit.logits_of(model, tokens[300:], usable).argmax(axis=1) == label[300:]).mean() > 0.75


def test_the_same_seed_gives_the_same_network() -> None:
    rng = np.random.default_rng(1)
    rows = (EIGHT, rng.normal(size=(40, 8, 4)), rng.integers(0, 2, 40), np.ones(40))
    a, b = (
        rb_fit.fit(*rows, n_classes=2, shape=TINY, schedule=rb_fit.Schedule(2, batch=20, mask=0.2), seed=3)
        for _ in range(2)
    )
    for p, q in zip(a.parameters(), b.parameters(), strict=True):
        torch.testing.assert_close(p, q)
