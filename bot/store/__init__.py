"""What Runbell remembers: in SQLite or in PostgreSQL, with the same promises.

    address      a URL → which database, and how to name it without its password
    engine       what each database must be told so that nothing is lost; postgres is
                 imported by those who have one
    lock         one process for one SQLite file
    migrate      tables made or brought up to date at start; versions does it by steps
    store        opening it; transactions that read or write
    waiting      for a database that does not answer
    transaction  a room for each sort of record: watches, mutes, lineages, happenings,
                 incidents, outbox, places (channels, lanes, what cannot be read), runs
    prune        letting go of history
    copying      from one database into another

Records go in and come out (`bot.records`); nobody else sees SQL.
"""

from __future__ import annotations

from bot.store.copying import copy
from bot.store.errors import StoreError
from bot.store.store import Store, open_store
from bot.store.transaction import Tx
from bot.store.waiting import once_it_answers

__all__ = ["Store", "StoreError", "Tx", "copy", "once_it_answers", "open_store"]
