"""What services behind one gateway share: addresses, credentials, errors."""
