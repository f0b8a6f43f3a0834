"""Composes the product: settings, URLs, processes. Nobody imports it."""
