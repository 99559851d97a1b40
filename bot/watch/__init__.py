"""Watching pipelines: from what was seen to what is said, once."""
