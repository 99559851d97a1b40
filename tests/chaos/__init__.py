"""Proof by breaking it: `make chaos` kills the bot, Slack, clouds and database.

The real bot runs in processes of its own, between simulated clouds and a local Slack
that live here. Both write ledgers: what truly changed, and what was accepted. When all
is quiet again the ledgers are compared by code that knows nothing of the bot's.

    ledger    what truly happened, and what Slack accepted, as plain values
    checker   lost, doubled, invented, out of order; how long it took
    cards     what stands in the channels, and in whose thread something is said
    clouds    pipelines that break and recover by chance, and trouble with them
    hearing   the local Slack's messages → what they say
    bots      starting, killing, pausing; `lives` is what runs in those processes
    trouble   what goes wrong meanwhile: Slack, clouds, database
    plan      what is to be done, and what came of it
    stage     all of that set up, and the bots started and ended on it
    campaign  so many cycles of all that, and what came of it
    report    the table
"""
