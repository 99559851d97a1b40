"""`runbell.yml` and the environment → one validated, frozen tree.

`load` reports every problem at once, each with its line and what to write instead.
Secrets come from the environment or from files, never from the text of the
configuration, and no problem, repr or log line shows their values.

    plain_yaml   the text → data (document), with the line of everything
    syntax       what PyYAML cannot read → what is wrong, in plain words
    references   `${NAME}` and `file:…` → the values they stand for
    tree, slack  the settings, each with its unit, its default and its off switch
    watch        the part that says how pipelines are watched
    watches      the watches that stand in the file
    database     where the store is
    naming       which names may be given, and what groups and aliases may hold
    explain      what pydantic found → what a person can do about it
    loading      all of these, one after the other
"""

from __future__ import annotations

from bot.settings.loading import load
from bot.settings.problems import Problem, SettingsError
from bot.settings.slack import Mode, SlackSettings
from bot.settings.tree import COMMAND, CacheSettings, Command, HttpSettings, Settings
from bot.settings.watch import ChannelSettings, WatchSettings
from bot.settings.watches import FiledWatch

__all__ = [
    "COMMAND",
    "CacheSettings",
    "ChannelSettings",
    "Command",
    "FiledWatch",
    "HttpSettings",
    "Mode",
    "Problem",
    "Settings",
    "SettingsError",
    "SlackSettings",
    "WatchSettings",
    "load",
]
