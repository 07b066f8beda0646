"""Electrodermal activity: causal observer, artefacts, stress index and its training."""
