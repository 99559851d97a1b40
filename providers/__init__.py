"""Many CI systems, one model.

This package talks to pipelines and knows nothing of Slack. `contract.Provider` is
what a provider promises, `model` is the words it answers in, `errors` is what can go
wrong, and `registry` finds a provider by its name.
"""
