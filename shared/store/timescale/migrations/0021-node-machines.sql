-- What machine each node was last: JSON of cloud, machine type, region, CPUs and memory.
CREATE TABLE node_machine (
  node text PRIMARY KEY,
  machine text NOT NULL,
  seen timestamptz NOT NULL
);
