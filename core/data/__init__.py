"""A Dataset and where one comes from: drawn digits, MNIST, a person's own files, points."""

from core.data.catalogue import load
from core.data.dataset import Dataset, Examples

__all__ = ["Dataset", "Examples", "load"]
