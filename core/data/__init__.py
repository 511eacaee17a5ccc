"""A Dataset and where one comes from: drawn digits, MNIST, a person's own files, points."""

from core.data.catalogue import counts, load
from core.data.dataset import Dataset, Examples

__all__ = ["Dataset", "Examples", "counts", "load"]
