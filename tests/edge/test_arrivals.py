from __future__ import annotations

import pytest

from insula.edge.arrivals import Arrivals
from insula.edge.health import StreamStats, troubles


def test_a_stream_at_its_rate_is_known_to_be_so_after_half_a_minute() -> None:
    arrivals = Arrivals(32.0, 0.0)
    for k in range(1, 241):
        arrivals.arrived(4, k * 0.125)
        assert arrivals.rate_off is None
    for k in range(241, 250):
        arrivals.arrived(4, k * 0.125)
    assert arrivals.rate_off == pytest.approx(0.0, abs=1e-9)
    assert arrivals.bursts == 0


def test_a_slow_stream_is_judged_over_enough_samples() -> None:
    arrivals = Arrivals(1.0, 0.0)
    for k in range(39):
        arrivals.arrived(1, float(k))
    assert arrivals.rate_off is None  # 40 samples of a slow stream take longer than 10 s
    for k in range(39, 45):
        arrivals.arrived(1, float(k))
    assert arrivals.rate_off == pytest.approx(0.0)


def test_missing_samples_are_a_wrong_rate() -> None:
    arrivals = Arrivals(250.0, 0.0)
    for k in range(1, 800):
        arrivals.arrived(9, k * 0.04)
    assert arrivals.rate_off == pytest.approx(-0.1)


def test_a_backlog_after_a_pause_is_one_burst_and_a_loss_starts_anew() -> None:
    arrivals = Arrivals(100.0, 0.0)
    arrivals.arrived(10, 0.1)
    arrivals.arrived(10, 0.2)
    arrivals.arrived(100, 1.2)  # late, but no more than the time that passed
    assert arrivals.bursts == 0
    arrivals.arrived(100, 1.21)
    assert arrivals.bursts == 1
    arrivals.interrupted()
    arrivals.arrived(100, 9.0)  # what had waited in the device
    assert arrivals.bursts == 1


def stats(**wrong: float | int) -> StreamStats:
    fields: dict[str, object] = {"rate_off": 0.001, "drift_ppm": 40.0, "jitter_s": 0.002, **wrong}
    return StreamStats(1.0, "eda", "wrist", 4.0, 4.0, 0.1, 100, **fields)  # type: ignore[arg-type]


def test_a_stream_in_order_has_no_troubles() -> None:
    assert troubles(stats()) == ()
    assert troubles(StreamStats(1.0, "eda", "wrist", 0.0, 4.0, None, 0)) == ()  # nothing known is no trouble


@pytest.mark.parametrize(
    ("wrong", "kind", "said"),
    [
        ({"nans": 3}, "nans", "3 samples are not finite"),
        ({"rails": 7}, "rails", "7 samples at the end of the range"),
        ({"gaps": 1}, "gaps", "1 gap"),
        ({"backwards": 2}, "backwards", "2 samples out of order, refused"),
        ({"rate_off": -0.1}, "rate", "samples come 10.0% too slow"),
        ({"drift_ppm": 900.0}, "drift", "its clock is 900 ppm fast"),
        ({"jitter_s": 0.2}, "jitter", "blocks come unevenly, by 200 ms"),
        ({"bursts": 2}, "bursts", "2 bursts"),
    ],
)
def test_each_trouble_is_said_in_words(wrong: dict[str, float], kind: str, said: str) -> None:
    (trouble,) = troubles(stats(**wrong))
    assert (trouble.kind, trouble.text) == (kind, said)
