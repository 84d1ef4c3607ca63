"""Training of the nuisance model: scenes, samples, the model, its card."""
