-- Times are milliseconds since 1970 UTC, power is watts.
CREATE TABLE site (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  zone TEXT -- as given through the API; null: none was given
) STRICT;

CREATE TABLE meter (
  id INTEGER PRIMARY KEY,
  site INTEGER NOT NULL REFERENCES site (id),
  name TEXT NOT NULL,
  first INTEGER NOT NULL, -- time of the oldest and newest reading
  last INTEGER NOT NULL,
  UNIQUE (site, name)
) STRICT;

-- stream_ms and stream_seq: the stream entry that brought the reading first.
CREATE TABLE reading (
  site INTEGER NOT NULL,
  t INTEGER NOT NULL,
  meter INTEGER NOT NULL,
  watts REAL NOT NULL,
  stream_ms INTEGER NOT NULL,
  stream_seq INTEGER NOT NULL,
  PRIMARY KEY (site, t, meter)
) STRICT, WITHOUT ROWID;

-- Answers to deliveries that carried an Idempotency-Key.
CREATE TABLE delivery (
  key TEXT PRIMARY KEY,
  expires INTEGER NOT NULL,
  note TEXT NOT NULL,
  stream_ids TEXT NOT NULL
) STRICT, WITHOUT ROWID;
