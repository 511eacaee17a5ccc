"""What a sweep raises when a cluster's scheduler, or a shared storage, has stopped answering."""

from tunelab.errors import BadInput

__all__ = ["Unreachable"]


class Unreachable(BadInput):
    """A scheduler or a storage doesn't answer any more. What ended is kept; the text doesn't say how to continue."""
