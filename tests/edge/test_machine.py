from __future__ import annotations

from pathlib import Path

import pytest

from insula.edge.machine import MachineState, Zone, read_machine


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")


def zone(root: Path, number: int, name: str, celsius: float, *trips: tuple[str, float]) -> None:
    folder = root / f"sys/class/thermal/thermal_zone{number}"
    write(folder / "type", name)
    write(folder / "temp", str(round(celsius * 1000)))
    for i, (kind, limit) in enumerate(trips):
        write(folder / f"trip_point_{i}_type", kind)
        write(folder / f"trip_point_{i}_temp", str(round(limit * 1000)))


@pytest.fixture
def jetson(tmp_path: Path) -> Path:
    """A tree laid out like that of an Orin board."""
    zone(tmp_path, 0, "cpu-thermal", 61.5, ("active", 45.0), ("passive", 99.0), ("critical", 104.5))
    zone(tmp_path, 1, "gpu-thermal", 58.0, ("passive", 99.0), ("critical", 104.5))
    zone(tmp_path, 2, "cv0-thermal", -256.0, ("critical", 104.5))  # this unit is switched off
    zone(tmp_path, 10, "pmic-thermal", 70.0)
    write(tmp_path / "var/lib/nvpmodel/status", "pmode:0002 fmode:quiet")
    write(tmp_path / "etc/nvpmodel.conf", "< POWER_MODEL ID=0 NAME=MAXN >\n< POWER_MODEL ID=2 NAME=15W >")
    write(tmp_path / "sys/class/hwmon/hwmon1/in1_label", "VDD_IN")
    write(tmp_path / "sys/class/hwmon/hwmon1/in1_input", "5072")
    write(tmp_path / "sys/class/hwmon/hwmon1/curr1_input", "1450")
    return tmp_path


def test_a_jetson_is_read(jetson: Path) -> None:
    state = read_machine(jetson)
    assert state.zones == (
        Zone("cpu-thermal", 61.5, 99.0),
        Zone("gpu-thermal", 58.0, 99.0),
        Zone("pmic-thermal", 70.0, None),
    )
    assert state.power_mode == "15W"
    assert state.tightest == state.zones[0]
    assert state.words() == "cpu-thermal 62 °C, acts at 99 °C; draws 7.4 W; power mode 15W"


def test_the_mode_is_its_number_where_nobody_names_it(jetson: Path) -> None:
    (jetson / "etc/nvpmodel.conf").unlink()
    assert read_machine(jetson).power_mode == "nvpmodel 2"


def test_a_desktop_is_read(tmp_path: Path) -> None:
    zone(tmp_path, 0, "x86_pkg_temp", 50.0, ("passive", 0.0), ("passive", -274.0))
    zone(tmp_path, 1, "acpitz", 27.8)
    write(tmp_path / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave")
    state = read_machine(tmp_path)
    assert state.tightest == Zone("x86_pkg_temp", 50.0, None)
    assert state.words() == "x86_pkg_temp 50 °C; power mode powersave"
    write(tmp_path / "sys/firmware/acpi/platform_profile", "balanced")
    assert read_machine(tmp_path).power_mode == "balanced"


def test_without_zones_nothing_is_made_up(tmp_path: Path) -> None:
    folder = tmp_path / "sys" / "class" / "thermal"
    state = read_machine(tmp_path)
    assert state.tightest is None
    assert state.words() == f"temperature not measured: no working thermal zone in {folder}"


def test_a_zone_that_cannot_be_read_is_left_out(jetson: Path) -> None:
    write(jetson / "sys/class/thermal/thermal_zone0/temp", "")
    (jetson / "sys/class/thermal/thermal_zone1/temp").unlink()
    assert [z.name for z in read_machine(jetson).zones] == ["pmic-thermal"]


def test_here_it_is_read_or_says_why_not() -> None:
    state = read_machine()
    assert isinstance(state, MachineState)
    assert bool(state.zones) != bool(state.reason)
