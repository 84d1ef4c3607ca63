"""Evidence as the console sees it: where its files lie, and who opened them."""
