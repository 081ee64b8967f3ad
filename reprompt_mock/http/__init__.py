"""What both surfaces share: bodies in and out, errors as JSON, their OpenAPI documents, where work runs."""
