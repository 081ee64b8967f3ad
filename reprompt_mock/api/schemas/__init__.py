"""Wire models: the shapes that the service publishes."""
