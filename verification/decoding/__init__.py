"""The child process's program: reads one file's facts. verification.sandbox runs it with `python -m`.

Nothing here may import Django; decoders are imported only where they are used, so that a start is cheap.
"""
