"""Block Kit as Slack reads it: every limit a table entry, every problem with its place.

`rules` is the vocabulary, `objects`, `elements`, `rich_text` and `layout` are the
tables written in it, and `check` adds what holds for a message or a view as a whole.
"""
