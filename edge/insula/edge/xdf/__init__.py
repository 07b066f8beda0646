"""XDF 1.0: writing, scanning and repairing recordings of the Lab Streaming Layer.

Written from the public specification, https://github.com/sccn/xdf/wiki/Specifications.
"""
