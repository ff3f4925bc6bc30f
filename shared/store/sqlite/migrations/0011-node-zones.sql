-- The zones that nodes told, one row for each change: the newest is what counts. Times are milliseconds since 1970 UTC.
CREATE TABLE node_zones (
  node TEXT NOT NULL,
  zone TEXT NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (node, since)
) STRICT, WITHOUT ROWID;
