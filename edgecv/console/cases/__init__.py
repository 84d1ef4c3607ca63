"""What is done about an incident: its states, its log, and finding it."""
