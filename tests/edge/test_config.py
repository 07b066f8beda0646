from __future__ import annotations

from pathlib import Path

import pytest

from insula.edge import config
from insula.edge.errors import ConfigError

GOOD = """
[session]
name = "pilot"

[sensors.eda]
driver = "simulated_eda"
epoch = 1.0

[estimators.eda]
estimator = "eda"
stream = "eda"

[fusion]
rate_hz = 10
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "session.toml"
    path.write_text(text)
    return path


def test_a_good_file_is_read(tmp_path: Path) -> None:
    loaded = config.load(write(tmp_path, GOOD))
    assert loaded.name == "pilot"
    assert loaded.sensors == (config.Part("eda", "simulated_eda", {"epoch": 1.0}),)
    assert loaded.estimators[0].stream == "eda"
    assert loaded.fusion == {"rate_hz": 10}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[session]", "[sesion]", "unknown key 'sesion' in the file; did you mean 'session'"),
        ('name = "pilot"', 'nme = "pilot"', "unknown key 'nme' in [session]; did you mean 'name'"),
        ('name = "pilot"', "name = 3", "[session] name = 3 should be text"),
        ("simulated_eda", "simulated_edo", "[sensors.eda]: there is no sensor 'simulated_edo'; did you mean"),
        ("epoch = 1.0", "epok = 1.0", "unknown key 'epok' in [sensors.eda]; did you mean 'epoch'"),
        ("epoch = 1.0", 'epoch = "soon"', "[sensors.eda] epoch = 'soon' should be a number"),
        ('driver = "simulated_eda"', "", "[sensors.eda] needs driver = one of"),
        ("rate_hz = 10", "rate_hz = true", "[fusion] rate_hz = True should be a number"),
        ("rate_hz = 10", "rate = 10", "unknown key 'rate' in [fusion]; did you mean 'rate_hz'"),
        ("[sensors.eda]", "[sensors]\neda = 3\n[estimators.x]", "[sensors.eda] must be a table"),
        ("[fusion]", "[fusion", "is not valid TOML"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        config.load(write(tmp_path, GOOD.replace(old, new)))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value).strip()


def test_no_sensor_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="at least one sensor"):
        config.load(write(tmp_path, "[session]\n"))
    with pytest.raises(ConfigError, match="there is no configuration file"):
        config.load(tmp_path / "absent.toml")


def test_a_relative_path_is_taken_from_the_file(tmp_path: Path) -> None:
    text = '[sensors.film]\ndriver = "video_file"\npath = "clips/a.mpg"\n'
    loaded = config.load(write(tmp_path, text))
    assert loaded.sensors[0].options["path"] == str(tmp_path / "clips/a.mpg")
