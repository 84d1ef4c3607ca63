"""What comes in: CloudEvents of a box's outbox or of a broker, each stored once, however often it comes."""
