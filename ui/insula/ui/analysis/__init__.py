"""Recordings through the same estimators and fusion as a live session, on their own time line."""
