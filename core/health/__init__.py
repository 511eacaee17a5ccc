"""What is wrong with what is kept, found without changing anything, and repaired where that loses nothing."""

from tunelab.health.findings import findings
from tunelab.health.repair import Finding

__all__ = ["Finding", "findings"]
