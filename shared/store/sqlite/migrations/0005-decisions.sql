-- One row for each pod that was placed. Times are milliseconds since 1970 UTC, intensities gCO2eq/kWh.
CREATE TABLE decision (
  uid TEXT PRIMARY KEY,
  namespace TEXT NOT NULL,
  pod TEXT NOT NULL,
  owner_kind TEXT,
  owner_name TEXT,
  node TEXT NOT NULL,
  zone TEXT,
  intensity REAL,
  quality TEXT,
  intensity_age_ms INTEGER,
  candidates INTEGER NOT NULL,
  candidates_mean REAL,
  candidates_worst REAL,
  candidates_best REAL,
  mode TEXT NOT NULL,
  decided_at INTEGER NOT NULL,
  bound_at INTEGER NOT NULL
) STRICT;

CREATE INDEX decision_by_time ON decision (bound_at);
