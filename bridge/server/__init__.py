"""The ASGI application: hands requests to their channels as values, and says how the process is."""
