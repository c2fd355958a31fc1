"""Where games dial in: the daemon's end of the bridge protocol."""
