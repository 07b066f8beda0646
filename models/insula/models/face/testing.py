"""Simulated views of a recorded head, for tests and benchmarks: the open clips at hand are all frontal."""

from __future__ import annotations

import cv2
import numpy as np

from insula.models.face.detect import Box, Gray


def turned(gray: Gray, face: Box, yaw_deg: float) -> Gray:
    """The frame (h, w) with the head around ``face`` turned about its vertical axis.

    Positive turns to the image's right. The head is taken for an ellipsoid that wears the frame; what the
    camera never saw is dark like hair. A simulation: real turned heads show more (a nose in profile) and less
    (the far eye).
    """
    (cx, cy), rx, ry = face.centre, 0.56 * face.side, 0.8 * face.side
    cy -= 0.12 * face.side
    y, x = np.mgrid[: gray.shape[0], : gray.shape[1]].astype(np.float32)
    u, v = (x - cx) / rx, (y - cy) / ry
    z = np.sqrt(np.clip(1 - u * u - v * v, 0, None))
    angle = np.radians(yaw_deg)
    source = u * np.cos(angle) - z * np.sin(angle)
    depth = u * np.sin(angle) + z * np.cos(angle)
    wrapped = cv2.remap(gray, (cx + source * rx).astype(np.float32), y, cv2.INTER_LINEAR)
    hair = np.float32(np.percentile(gray, 5))
    shown = np.clip(depth / 0.15, 0, 1)
    head = np.clip((1 - np.sqrt(u * u + v * v)) / 0.06, 0, 1)
    mixed = head * (shown * wrapped + (1 - shown) * hair) + (1 - head) * gray
    return np.asarray(np.clip(mixed, 0, 255), np.uint8)
