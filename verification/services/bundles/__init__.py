"""Evidence bundles: all that is kept of one claim in a zip that can be verified without us.

A bundle is a BagIt bag (RFC 8493). `gathering` reads the records, `proof` binds the claim's audit chain to a signed
checkpoint, `page` writes what people read, `bag` packs and signs, `making` does all of it, `keeping` has what was made,
`asking` is the job. `verify_bundle.py` goes along in every bag and imports nothing of ours.
"""
