"""Runbell talks to people: Slack, the terminal, and the demo that needs neither."""
