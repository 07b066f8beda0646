"""EEG: a streaming front end, band-entropy tokens, a workload index after the person's own rest baseline."""
