"""The GStreamer pipeline of a CSI camera on an NVIDIA Jetson.

The image processor of the board does exposure, white balance and scaling; OpenCV gets BGR pictures from an
``appsink`` that keeps only the newest one. Elements as in NVIDIA's *Accelerated GStreamer* guide. Not run
here: there was no Jetson.
"""

from __future__ import annotations

import re
from fractions import Fraction


def pipeline(sensor: int, width: int, height: int, fps: float) -> str:
    """The pipeline of CSI camera number ``sensor``: ``width`` × ``height`` pixels at ``fps`` Hz."""
    rate = Fraction(fps).limit_denominator(1001)
    source = f"video/x-raw(memory:NVMM),width={width},height={height}"
    return " ! ".join(
        (
            f"nvarguscamerasrc sensor-id={sensor}",
            f"{source},framerate={rate.numerator}/{rate.denominator}",
            "nvvidconv",
            "video/x-raw,format=BGRx",
            "videoconvert",
            "video/x-raw,format=BGR",
            "appsink drop=true max-buffers=1 sync=false",
        )
    )


def has_gstreamer(build_information: str) -> bool:
    """Whether OpenCV's ``getBuildInformation()`` names GStreamer; that of the wheels does not."""
    return re.search(r"GStreamer:\s+YES", build_information) is not None
