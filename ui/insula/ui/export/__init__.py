"""Sessions in the formats of other programs: BIDS, MNE, Parquet, CSV, ELAN, NOVA."""
