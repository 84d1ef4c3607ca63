"""Audits: is a bundle what its box sealed, and does its clip show what its record says?

A folder and a public key come in; problems and notes go out, one line each. A replay runs the clip through the same
pipeline with nothing but the folder's files and compares the result with the record. The report of a run, which shows
the same records to people, is made here too.
"""
