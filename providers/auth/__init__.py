"""How each cloud wants requests signed; one file per scheme, clock and nonce given."""
