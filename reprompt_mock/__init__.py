"""A local, deterministic, controllable emulator of Reprompt's place enrichment batch API."""

__version__ = "0.1.0"
