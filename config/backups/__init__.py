"""Backups: made while the desk runs, and put back only where they are whole.

A backup is a folder: `manifest.json`, the database, `archive/` as the archive has it, the secrets that Stet made
for itself, and `erasures.json`. docs/decisions/0014-backups.md says why it is so.
"""
