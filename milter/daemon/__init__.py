"""The daemon: `supervisor` keeps a worker for each core, `worker` is one of them.

What a worker does with mail is given to `supervisor.serve` as a function that builds a `worker.Service`.
"""
