"""Loaders of data sets that need an agreement: the user's own copy, as published, one trial at a time."""
