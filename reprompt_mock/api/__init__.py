"""The service's API: translates HTTP to the engine and back."""
