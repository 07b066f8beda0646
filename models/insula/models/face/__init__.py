"""Face: detection, tracking, the expression net trained on FER+ votes, evaluation and training."""
