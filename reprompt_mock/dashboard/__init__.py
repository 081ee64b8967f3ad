"""The dashboard under /_mock/ui: pages for people who would rather look than read. It is not part of the service."""
