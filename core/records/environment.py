"""Where a run took place: versions, platform and commit, so that a replay can say what differs."""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info
from tunelab.kernel import current_engine, describe_kernel, engine_for

__all__ = ["differences", "environment"]


def environment(engine: str | None = None) -> dict[str, Any]:
    """What a run's numbers may depend on, besides its experiment.

    ``engine`` is what trains it, as :mod:`tunelab.kernel.library` names it; what trains here if not given.
    """
    return {
        "engine": engine or current_engine(),
        "kernel": describe_kernel(),
        "tunelab": _version("tunelab"),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": _blas(),
        "kernels": _kernels(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "byteorder": sys.byteorder,
        "commit": _commit(),
    }


def differences(then: dict[str, str]) -> dict[str, tuple[str, str]]:
    """What was otherwise in the environment of a run, and is now that it is trained again: key → (then, now)."""
    now = {key: str(value) for key, value in environment(engine_for(then.get("engine"))).items()}
    return {key: (then[key], now[key]) for key in now if key in then and then[key] != now[key]}


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _blas() -> str:
    config: Any = np.show_config(mode="dicts")
    blas = config.get("Build Dependencies", {}).get("blas", {})
    return f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip()


def _kernels() -> str:
    """For which processor BLAS and numpy chose their code: the same versions add up in another order elsewhere."""
    pools = [pool for pool in threadpool_info() if pool.get("user_api") == "blas"]
    # Another library's BLAS, loaded since, does nothing for us
    own = [pool for pool in pools if "numpy" in Path(str(pool.get("filepath", ""))).parent.name] or pools
    blas = {str(pool.get("architecture", "")) for pool in own}
    config: Any = np.show_config(mode="dicts")
    found = config.get("SIMD Extensions", {}).get("found", [])
    return " ".join([*sorted(blas), *found]).strip() or "unknown"


def _commit() -> str | None:
    """The commit of tunelab itself where it runs from a checkout."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    try:
        found = subprocess.run(
            ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None
