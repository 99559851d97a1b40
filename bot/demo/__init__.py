"""Trying Runbell with no account: simulated clouds and a small local Slack."""
