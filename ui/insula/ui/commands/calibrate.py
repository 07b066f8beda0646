"""``insula calibrate``: measure a constant of this set-up and say where to write it."""

from __future__ import annotations

from insula.sensors import sync
from insula.sensors.camera import Camera
from insula.sensors.microphone import Microphone
from insula.ui.terminal import console


def camera_and_microphone(camera: str, microphone: str, seconds: float) -> None:
    """Measure how far picture and sound are apart; raises ``DataError`` when too few events were caught."""
    picture = Camera(index=int(camera)) if camera.isdigit() else Camera(url=camera)
    console.print(f"flash and click at once, unevenly, for {seconds:.0f} s …")
    with console.status("watching and listening"):
        offset = sync.measure(picture, Microphone(device=microphone), seconds)
    console.print(
        f"camera − microphone: [bold]{offset.mean_s * 1e3:+.1f} ± {offset.error_s * 1e3:.1f} ms[/bold] "
        f"from {offset.events} events"
    )
    if abs(offset.mean_s) <= 2 * offset.error_s:
        console.print("not distinguishable from 0: nothing to configure")
        return
    late = "camera" if offset.mean_s > 0 else "microphone"
    console.print(f"write [bold]latency_s = {abs(offset.mean_s):.4f}[/bold] into the table of the {late}")
