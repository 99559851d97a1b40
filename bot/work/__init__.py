"""Work that has to be done soon, once, and by whichever replica is alive."""
