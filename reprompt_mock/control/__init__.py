"""The emulator's own API under /_mock: worlds, clock, settings. No part of the service."""
