"""Figures, not tests: `make bench` measures them and writes docs/performance.md.

Every figure compares variants that run in turn in one process of measuring, so that a
busy machine slows all of them; `tests/bot/test_bench.py` only keeps it running.

    sampling       variants in turn, medians and percentiles
    machine        how much the machine itself wavers, and what a process uses
    acknowledging  a signed slash command, against a bare Bolt app (ack_server)
    answering      `/runs status` out of the cache, up to the bytes for Slack
    decoding       vendors' lists to model objects, against plain pydantic (payloads,
                   plain)
    process        `runbell serve`: memory, and the time until it is ready
    watching       thousands of watched pipelines: cost, requests, latency (watched,
                   vendors)
    report         the table and the page
"""
