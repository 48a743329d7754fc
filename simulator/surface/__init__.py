"""What people touch: the app, the control API, the console, the command line, the Python client."""
