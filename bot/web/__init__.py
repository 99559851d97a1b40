"""HTTP in: Slack's requests, and whether the bot is well."""
