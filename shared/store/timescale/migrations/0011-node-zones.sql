-- The zones that nodes told, one row for each change: the newest is what counts.
CREATE TABLE node_zones (
  node text NOT NULL,
  zone text NOT NULL,
  since timestamptz NOT NULL,
  PRIMARY KEY (node, since)
);
