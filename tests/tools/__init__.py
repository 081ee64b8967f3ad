"""The plugin and the handle in strangers' projects, beside the tools that those use: `make test-tools`."""
