"""What a game server embeds to speak the bridge protocol."""
