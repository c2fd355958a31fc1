"""Where GM terminals connect: the daemon's end of the gate protocol."""
