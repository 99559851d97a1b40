"""Watching pipelines: from what was seen to what is said, once.

When, and by whom:
    service     what is done when, on the work engine
    poller      the lanes: a connection each; turns, claim, schedule and allowance say
                whose turn it is, by which replica, when next, and how often at most
    roster      who watches what; targets says which pipelines that means, filed what
                the file says, letting_go what becomes of a watch that ends

What is seen:
    looking     one look: covering (what is watched), known (what was seen before),
                catching_up and below (what the newest run hides), details (why it
                failed, and the end of its log)
    blindness   what is said of a connection that is not seen; unreadable of a single
                pipeline, vanity of a watch that means none

What it means, pure:
    lineage     what is remembered; past, of each run
    transitions what happened; streaks, reasons and keys with it; overdue, what has not
    decide      ring or not, by one of the rules

What is told, in one transaction with what was seen:
    intake      what was seen → what is remembered and what is to be said
    telling     who is told: incident and log_ends (a card and its thread), storm (many
                at once), card_fates and failures (what a channel knows already)
    moving_on   the cards of stuck and slow runs; following, those of followed ones

What reaches Slack, once:
    courier     the outbox → Slack: backlog (in which order), letters (how it is put),
                doubts (what may have arrived), settling (what became of it), parking
                (places that cannot be posted to)
    posting     what it needs of Slack; rooms, what it needs of the store

How it is:
    vitals      for `/healthz`, `/readyz` and `/metrics`
"""
