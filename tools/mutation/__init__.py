"""Mutation testing of the engine: small mistakes, made one at a time, and whether a test notices (docs/mutation.md)."""
