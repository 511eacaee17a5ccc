"""Experiments as TOML files, the lecture's first."""
