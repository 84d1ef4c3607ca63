"""Audits: sealed evidence is verified and replayed, and what a replay finds is compared with the record."""
