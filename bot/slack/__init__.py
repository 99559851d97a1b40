"""Slack in and out: the only rooms, besides the composition root, that know Slack."""
