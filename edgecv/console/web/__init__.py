"""The pages and the API: requests in, HTML and JSON out. ``guard`` stands before all of it."""
