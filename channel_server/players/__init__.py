"""What players type, and what gmkit says to them."""
