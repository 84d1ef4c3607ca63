"""The daemon: a supervisor, one worker process a camera, and how the box is looked after."""
