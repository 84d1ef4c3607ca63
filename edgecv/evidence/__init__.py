"""Evidence of an incident: a folder of files, sealed.

A record and a recording, or packets in memory, come in; a bundle goes out: the untouched clip, two pictures and their
blurred copies, the record, the camera's configuration, and a manifest that the box has signed and chained to the one
before. :mod:`~edgecv.evidence.preparation` puts the files in order, :mod:`~edgecv.evidence.sealing` seals and deletes
them, :mod:`~edgecv.evidence.hash_chain` checks how bundles follow on one another. Files alone: which bundle is the next
in the chain is for the storage to say.
"""
