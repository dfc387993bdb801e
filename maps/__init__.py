"""Shipped descriptions: ``chips/*.yaml`` are blocks, ``boards/*.yaml`` are machines."""
