"""Figures, always as ratios against a reference of the same run."""
