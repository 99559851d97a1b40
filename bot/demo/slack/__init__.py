"""A small Slack on loopback: enough of the real one to run the real bot against it.

It speaks Slack's own protocols (Socket Mode, signed requests, the Web API, response
URLs), keeps Slack's limits, and lets a program act as the people in it. The server,
the sockets and the requests it sends are all aiohttp, which Slack's own library is
built on: one library for HTTP and WebSockets both.
"""

from bot.demo.slack.delivery import Ack
from bot.demo.slack.errors import ApiError, NotPossible
from bot.demo.slack.local import LocalSlack
from bot.demo.slack.messages import Message
from bot.demo.slack.views import View
from bot.demo.slack.workspace import Channel, User

__all__ = [
    "Ack",
    "ApiError",
    "Channel",
    "LocalSlack",
    "Message",
    "NotPossible",
    "User",
    "View",
]
