"""`python -m bot` is `runbell`."""

from bot.cli import main

main()
