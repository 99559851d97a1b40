"""The methods of the Web API: one module per family, one table of them all."""
