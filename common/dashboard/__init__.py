"""Watching a network learn: `from common.dashboard import Dashboard`."""

from common.dashboard.dashboard import Dashboard

__all__ = ["Dashboard"]
