"""The versions of the tables, run by `bot.store.versions`."""
