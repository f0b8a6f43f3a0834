"""The child process's program: reads files' facts. verification.decoder_child runs it with `python -m`.

Nothing here may import Django; decoders are imported only where they are used, so that a start is cheap.
"""
