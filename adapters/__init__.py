"""Adapters: one module or package for each game or protocol."""
