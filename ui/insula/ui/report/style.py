"""How the report looks: the dashboard's light colours, quiet type, A4 pages."""

from __future__ import annotations

from typing import Final

COLOURS: Final = {
    "fused": "#161b22",
    "face": "#0072b2",
    "voice": "#b26a00",
    "eda": "#007a58",
    "eeg": "#a84f82",
    "valence": "#2457c5",
    "arousal": "#b24a00",
    "expression": "#5b7c99",
}
"""By modality as in the dashboard (Okabe and Ito 2008), and for the two axes."""

LABELS: Final = {"fused": "together", "face": "face", "voice": "voice", "eda": "EDA", "eeg": "EEG"}

CSS: Final = """
@page { size: A4; margin: 14mm 15mm 16mm; }
* { box-sizing: border-box; }
html { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
body { margin: 0 auto; max-width: 800px; padding: 28px 32px 40px; background: #fff; color: #161b22;
  font: 14px/1.5 Inter, "Segoe UI", "SF Pro Text", "Noto Sans", "Open Sans", "DejaVu Sans", sans-serif; }
header { border-bottom: 2px solid #161b22; padding-bottom: 12px; margin-bottom: 18px; }
h1 { font-size: 25px; line-height: 1.2; margin: 0 0 4px; font-weight: 650; letter-spacing: -0.01em;
  overflow-wrap: anywhere; }
h2 { font-size: 16px; margin: 30px 0 6px; font-weight: 650; break-after: avoid; }
h3 { font-size: 14px; margin: 14px 0 2px; font-weight: 650; break-after: avoid; }
p { margin: 4px 0 8px; max-width: 68ch; }
p, li { break-inside: avoid; }
.meta, .note, figcaption { color: #4c5967; }
.note, figcaption { font-size: 12px; }
.stamp { display: inline-block; background: #f0e442; color: #14181d; font-weight: 650; font-size: 12px;
  padding: 1px 8px; border-radius: 3px; vertical-align: 2px; margin-left: 8px; }
.banner { background: #fbf7cf; border-left: 4px solid #d8cb12; padding: 8px 12px; margin: 12px 0 0; }
.banner p { margin: 0; }
.cut { background: #fdeee6; border-left-color: #c24a00; }
figure { margin: 6px 0 0; break-inside: avoid; }
svg { width: 100%; height: auto; display: block; }
svg text { font-family: inherit; font-size: 10px; fill: #4c5967; }
svg text.name { font-size: 11.5px; font-weight: 600; fill: revert-layer; }
svg text.faint { fill: #6f7b88; font-size: 9.5px; }
table { border-collapse: collapse; width: 100%; margin: 4px 0; font-size: 12.5px;
  font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: #4c5967; border-bottom: 1px solid #9aa5b1;
  padding: 3px 18px 3px 0; vertical-align: bottom; }
td { border-bottom: 1px solid #e6e9ee; padding: 4px 18px 4px 0; vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; }
tr { break-inside: avoid; }
.n { text-align: right; white-space: nowrap; }
.key { white-space: nowrap; }
.absent { color: #6f7b88; }
.small { font-size: 11.5px; color: #4c5967; }
.meter { display: inline-block; width: 74px; height: 8px; background: #e6e9ee; border-radius: 2px;
  vertical-align: 1px; margin-right: 7px; }
.meter i { display: block; height: 8px; border-radius: 2px; }
.hash { font: 10.5px ui-monospace, "DejaVu Sans Mono", monospace;
  overflow-wrap: anywhere; }
.said table { table-layout: fixed; }
.said th:nth-child(1) { width: 8%; } .said th:nth-child(2) { width: 15%; }
.said th:nth-child(4) { width: 30%; } .said th:nth-child(5) { width: 8%; }
.said td { overflow-wrap: anywhere; }
ul { margin: 4px 0 8px; padding-left: 18px; } li { margin: 2px 0; max-width: 76ch; }
.card { border: 1px solid #d9dee5; border-radius: 5px; padding: 8px 12px; margin: 8px 0;
  break-inside: avoid; font-size: 12.5px; }
.card p { margin: 2px 0; max-width: none; }
@media print {
  body { padding: 0; max-width: none; font-size: 10.5pt; }
  h2 { margin-top: 20px; }
}
"""

SIMULATED_PAGES: Final = """
@page { @bottom-right { content: "simulated input"; font: 600 9pt sans-serif; color: #8a8100; } }
"""
"""Stamps the margin of every printed page, in browsers that print margin boxes."""
