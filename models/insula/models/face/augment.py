"""Random changes to face pictures while training (needs torch): geometry, light, sharpness, occlusion."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as nnf
from torch import Tensor


def flip(
    pictures: Tensor, blendshapes: Tensor, mirror: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Mirror half of the pictures; their left and right blendshapes change places (``mirror`` (52,))."""
    chosen = torch.rand(len(pictures), generator=generator) < 0.5
    pictures = torch.where(chosen[:, None, None, None], pictures.flip(3), pictures)
    blendshapes = torch.where(chosen[:, None], blendshapes[:, mirror], blendshapes)
    return pictures, blendshapes


def warp(pictures: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Rotate ±14°, scale ×0.86…1.16, stretch ±6 %, shift ±8 % and resample (n, 1, h, w) at ``size``.

    The ranges cover what a cascade detector's box and a tilted head add to FER's registered faces.
    """
    n = len(pictures)
    draw = torch.rand((n, 5), generator=generator) * 2 - 1
    angle = draw[:, 0] * math.radians(14)
    zoom = torch.exp(draw[:, 1] * 0.15)
    stretch = torch.exp(draw[:, 2] * 0.06)
    cos, sin = torch.cos(angle), torch.sin(angle)
    matrix = torch.stack(
        [
            torch.stack([zoom * stretch * cos, -zoom * sin, draw[:, 3] * 0.16], 1),
            torch.stack([zoom * sin, zoom / stretch * cos, draw[:, 4] * 0.16], 1),
        ],
        1,
    )
    grid = nnf.affine_grid(matrix, [n, 1, size, size], align_corners=False)
    return nnf.grid_sample(pictures, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def degrade(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Gamma for all, blur by halving the resolution for an eighth, sensor noise for a quarter.

    Small and dark faces from a camera look like this. Gray levels 0…255.
    """
    n = len(pictures)
    gamma = torch.exp((torch.rand((n, 1, 1, 1), generator=generator) * 2 - 1) * 0.5)
    pictures = 255 * (pictures.clamp(0, 255) / 255) ** gamma
    few = n // 8
    small = nnf.interpolate(pictures[:few], scale_factor=0.5, mode="area")
    blurred = nnf.interpolate(small, size=pictures.shape[2:], mode="bilinear", align_corners=False)
    pictures = torch.cat([blurred, pictures[few:]])
    noise = torch.randn(pictures[few : 3 * few].shape, generator=generator) * 8
    return torch.cat([pictures[:few], pictures[few : 3 * few] + noise, pictures[3 * few :]])


def standardise(pictures: Tensor) -> Tensor:
    """The same as ``insula.models.face.crop.standardise``, on float pictures (n, 1, h, w)."""
    centred = pictures - pictures.mean(dim=(1, 2, 3), keepdim=True)
    spread = centred.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return centred / spread.clamp_min(12.0)


def cut_out(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Gray out one rectangle of up to 40 % of each side in half of the standardised pictures."""
    n, _, height, width = pictures.shape
    draw = torch.rand((n, 5), generator=generator)
    rows, columns = torch.arange(height)[None, :], torch.arange(width)[None, :]
    half_h, half_w = (0.05 + 0.15 * draw[:, 0]) * height, (0.05 + 0.15 * draw[:, 1]) * width
    inside_rows = (rows - (draw[:, 2] * height)[:, None]).abs() < half_h[:, None]
    inside_columns = (columns - (draw[:, 3] * width)[:, None]).abs() < half_w[:, None]
    hidden = inside_rows[:, :, None] & inside_columns[:, None, :] & (draw[:, 4] < 0.5)[:, None, None]
    return pictures.masked_fill(hidden[:, None], 0.0)
