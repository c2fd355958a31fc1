"""The tables of the log's file. Times are ISO 8601 in UTC."""

from __future__ import annotations

LOG = (
    """
    CREATE TABLE events (
        seq INTEGER PRIMARY KEY,  -- the place in the log, without gaps, from 1
        at TEXT NOT NULL,
        kind TEXT NOT NULL,       -- see gmkit/events.py
        server TEXT,
        ticket INTEGER,
        player TEXT,              -- the player's id on that server
        actor TEXT,               -- the GM who did it
        text TEXT,
        source TEXT,              -- "stream:n" of the sender's message, so that a retry is known
        data TEXT                 -- JSON, what only this kind has
    )
    """,
    """
    CREATE TABLE snapshots (
        seq INTEGER PRIMARY KEY,  -- the desk as it stood after this event
        at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
        format INTEGER NOT NULL,
        digest TEXT NOT NULL,     -- SHA-256 of state
        state BLOB NOT NULL
    )
    """,
    """
    CREATE TABLE written_by (
        gmkit TEXT NOT NULL,      -- the version that last changed the tables
        at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
    )
    """,
)

PROJECTIONS = (
    """
    CREATE TABLE projected (
        name TEXT PRIMARY KEY,
        seq INTEGER NOT NULL,     -- the last event that the tables below hold
        version INTEGER NOT NULL  -- of the rules by which they were made
    )
    """,
    """
    CREATE TABLE players (
        server TEXT NOT NULL,
        id TEXT NOT NULL,
        name TEXT NOT NULL,
        names TEXT NOT NULL,      -- JSON, the names used, the latest last
        account TEXT,
        vip INTEGER NOT NULL,
        locale TEXT,
        tickets INTEGER NOT NULL,
        first_seen TEXT NOT NULL,
        last_seen TEXT NOT NULL,
        PRIMARY KEY (server, id)
    )
    """,
    "CREATE INDEX players_by_id ON players (id)",
    "CREATE INDEX players_by_name ON players (name COLLATE NOCASE)",
    "CREATE INDEX players_by_account ON players (account) WHERE account IS NOT NULL",
    """
    CREATE TABLE tickets (
        number INTEGER PRIMARY KEY,
        server TEXT NOT NULL,
        player_id TEXT NOT NULL,
        player TEXT NOT NULL,
        account TEXT,
        vip INTEGER NOT NULL,
        locale TEXT,
        state TEXT NOT NULL,      -- open, completed, closed, cancelled
        text TEXT NOT NULL,       -- the player's first line
        last_text TEXT NOT NULL,  -- and the newest
        messages INTEGER NOT NULL,
        claimed_by TEXT,
        resolved_by TEXT,
        closed_by TEXT,
        priority INTEGER NOT NULL,
        stars INTEGER,
        opened_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        waiting_since TEXT,       -- since when the player waits; NULL when the GM spoke last
        claimed_at TEXT,          -- first claim or answer
        first_reply_at TEXT,
        finished_at TEXT,
        FOREIGN KEY (server, player_id) REFERENCES players (server, id)
    )
    """,
    "CREATE INDEX tickets_by_change ON tickets (updated_at)",
    "CREATE INDEX tickets_by_state ON tickets (state, updated_at)",
    "CREATE INDEX tickets_by_player ON tickets (server, player_id)",
    """
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY REFERENCES events (seq),
        ticket INTEGER REFERENCES tickets (number),
        server TEXT,
        player_id TEXT,
        player TEXT,
        at TEXT NOT NULL,
        kind TEXT NOT NULL,       -- asked, replied, noted …; steps such as claimed have no text
        actor TEXT,               -- the GM; NULL for the player or gmkit itself
        text TEXT,
        detail TEXT,              -- claimed from whom, assigned to whom, how many stars …
        delivery TEXT REFERENCES deliveries (id),
        FOREIGN KEY (server, player_id) REFERENCES players (server, id)
    )
    """,
    "CREATE INDEX messages_by_ticket ON messages (ticket) WHERE ticket IS NOT NULL",
    """
    CREATE INDEX messages_by_player ON messages (server, player_id)
        WHERE text IS NOT NULL AND player_id IS NOT NULL
    """,
    """
    CREATE TABLE deliveries (
        id TEXT PRIMARY KEY,      -- "12.3": the third line of ticket 12; "m7": outside of tickets
        message INTEGER NOT NULL REFERENCES messages (id),
        ticket INTEGER REFERENCES tickets (number),
        server TEXT,
        player_id TEXT,
        player TEXT,
        account TEXT,
        actor TEXT,
        text TEXT NOT NULL,
        queued_at TEXT NOT NULL,
        state TEXT NOT NULL,      -- queued, delivered, expired
        how TEXT,                 -- shown (the game confirmed it) or sent (it cannot)
        ended_at TEXT,
        shown_on TEXT,            -- the server where it was shown
        shown_to TEXT,            -- the player's id there
        reason TEXT               -- why it expired
    )
    """,
    "CREATE INDEX deliveries_queued ON deliveries (queued_at) WHERE state = 'queued'",
    """
    CREATE VIRTUAL TABLE message_search USING fts5 (
        text,
        content = '',             -- the words only; rowid is messages.id
        tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co So'"
    )
    """,
)

VIEWS = (
    """
    CREATE VIEW open_tickets AS
    SELECT number, server, player, account, vip, text, last_text, messages, claimed_by,
        opened_at, waiting_since,
        round((julianday('now') - julianday(waiting_since)) * 1440, 1) AS minutes_waiting
    FROM tickets WHERE state = 'open'
    ORDER BY waiting_since IS NULL, waiting_since
    """,
    """
    CREATE VIEW conversations AS
    SELECT m.ticket, m.at, m.kind, coalesce(m.actor, m.player, 'gmkit') AS who, m.text, m.detail,
        d.state AS delivery_state, d.how, m.server, m.player, m.id AS seq
    FROM messages m LEFT JOIN deliveries d ON d.id = m.delivery
    WHERE m.ticket IS NOT NULL
    ORDER BY m.ticket, m.id
    """,
    """
    CREATE VIEW undelivered AS
    SELECT d.id, d.ticket, d.server, d.player, d.actor, d.text, d.queued_at, d.state, d.reason
    FROM deliveries d WHERE d.state != 'delivered'
    ORDER BY d.queued_at
    """,
    """
    CREATE VIEW game_masters AS
    SELECT actor AS gm, sum(kind IN ('replied', 'completed')) AS answers,
        sum(kind = 'completed') AS completed, sum(kind = 'closed') AS closed,
        min(at) AS first_seen, max(at) AS last_seen
    FROM messages WHERE actor IS NOT NULL GROUP BY actor
    """,
)

DERIVED = ("message_search", "messages", "deliveries", "tickets", "players")
"""The tables that are made from ``events`` and can be made again."""
