-- What machine each node was last: JSON of cloud, machine type, region, CPUs and memory. Times are milliseconds since 1970 UTC.
CREATE TABLE node_machine (
  node TEXT PRIMARY KEY,
  machine TEXT NOT NULL,
  seen INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
