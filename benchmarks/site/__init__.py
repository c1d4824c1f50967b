"""A small project that is served while it is measured."""
