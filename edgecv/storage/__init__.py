"""The box's database: incident rows, the outbox, the state of devices, and their keeping on a full or damaged disk."""
