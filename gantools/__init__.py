"""Restore old photographs and transfer styles with GANs."""

__version__ = "0.1.0"
