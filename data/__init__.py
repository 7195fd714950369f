"""The sample event log: its generator, its jobs and where it comes from."""
