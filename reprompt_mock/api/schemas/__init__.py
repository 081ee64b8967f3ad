"""Wire models: the schemas that the service publishes."""
