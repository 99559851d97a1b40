"""What Runbell remembers: in SQLite or in PostgreSQL, with the same promises.

    address      a URL → which database, and how to name it without its password
    engine       what each database must be told so that nothing is lost
    lock         one process for one SQLite file
    migrate      tables brought up to date at start
    store        opening it; transactions that read or write
    transaction  a room for each sort of record: watches, mutes, lineages, happenings,
                 incidents, outbox, places (channels and lanes), runs
    prune        letting go of history
    copying      from one database into another

Records go in and come out (`bot.records`); nobody else sees SQL.
"""

from __future__ import annotations

from bot.store.copying import copy
from bot.store.errors import StoreError
from bot.store.store import Store, open_store
from bot.store.transaction import Tx

__all__ = ["Store", "StoreError", "Tx", "copy", "open_store"]
