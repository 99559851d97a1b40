"""The demo in a browser: what Slack would show, drawn from the local Slack.

The bundle in `dist/` is built ahead from `source/` by `make page`, so that looking at
the page needs neither Node nor a network.
"""

from bot.demo.page.server import PORT, Page, open_page

__all__ = ["PORT", "Page", "open_page"]
