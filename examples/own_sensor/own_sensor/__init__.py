"""A driver and an estimator that Insula finds through their entry points."""
