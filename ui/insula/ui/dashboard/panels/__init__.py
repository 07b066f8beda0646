"""The panels of the live window: each draws one part of the presenter's view."""
