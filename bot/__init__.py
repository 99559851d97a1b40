"""Runbell talks to people: Slack, the terminal, and the demo that needs neither."""

VERSION = "0.1.0"
"""As in pyproject.toml, which a bot that was not installed does not have."""
