"""Settings of every test."""

from hypothesis import settings

# A busy machine must not fail a property: pytest's timeout stops what does not end.
settings.register_profile("house", deadline=None)
settings.load_profile("house")
