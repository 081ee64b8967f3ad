"""The emulator's own API under /_mock: worlds, clock, settings and so on. It is not part of the service."""
