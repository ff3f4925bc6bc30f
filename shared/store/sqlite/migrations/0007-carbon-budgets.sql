CREATE TABLE carbon_budgets (
  kind TEXT NOT NULL CHECK (kind IN ('namespace', 'service')),
  name TEXT NOT NULL,
  per TEXT NOT NULL,
  grams REAL NOT NULL CHECK (grams > 0),
  alerted_period INTEGER, -- start of the period of the last alert, milliseconds since 1970 UTC
  alerted_share REAL NOT NULL DEFAULT 0,
  PRIMARY KEY (kind, name, per)
) STRICT, WITHOUT ROWID;
