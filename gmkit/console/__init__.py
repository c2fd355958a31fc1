"""The game master's side: gate client, batch commands and the terminal."""
