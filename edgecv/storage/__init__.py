"""The box's database (SQLite), and the disk that it shares with evidence. The only room with SQL on that database.

Records come in and are stored with their message to the upstream in one transaction; out go rows, messages in order
(:mod:`~edgecv.storage.outbox`), the state of devices (:mod:`~edgecv.storage.device_state`,
:mod:`~edgecv.storage.retained_states`) and what a console reads on (:mod:`~edgecv.storage.feed`). A prepared bundle
gets its place in the chain here (:mod:`~edgecv.storage.sealed_evidence`). The rest keeps all this over full disks,
crashes, damaged files and wrong clocks. Functions that take a connection work within the caller's transaction.
"""
