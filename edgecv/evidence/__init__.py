"""Evidence of an incident: its clip and pictures come from the record, a signed manifest seals and chains them."""
