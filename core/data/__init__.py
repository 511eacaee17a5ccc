"""A Dataset and where one comes from: drawn digits, MNIST, a person's own files, points."""

from tunelab.data.catalogue import counts, load
from tunelab.data.dataset import Dataset, Examples

__all__ = ["Dataset", "Examples", "counts", "load"]
