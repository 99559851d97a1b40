"""How alerts look: pure, within Slack's limits, failure louder than success."""
