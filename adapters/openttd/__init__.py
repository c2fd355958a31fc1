"""OpenTTD, through the admin port that every dedicated server has."""

from .adapter import OpenTTD, Options

__all__ = ["OpenTTD", "Options"]
