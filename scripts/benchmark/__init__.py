"""What edgecv costs: clips are rendered, costs measured side by side in one run, a table and a plot come out."""
