CREATE TABLE intensity (
  zone TEXT NOT NULL,
  hour INTEGER NOT NULL, -- start of the hour, milliseconds since 1970 UTC
  signal TEXT NOT NULL,
  grams_per_kwh REAL NOT NULL,
  provider TEXT NOT NULL,
  quality TEXT NOT NULL,
  rank INTEGER NOT NULL, -- of the quality: 0 is best
  PRIMARY KEY (zone, hour, signal)
) STRICT, WITHOUT ROWID;
