"""Answer → message; pure.

Text from outside goes into rich text and plain text only, where nothing is parsed, so
that no name of a branch can ring a channel or hide a link.
"""
