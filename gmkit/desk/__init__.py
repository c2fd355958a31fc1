"""The desk: tickets, queue and staff as the pure fold of the log."""
