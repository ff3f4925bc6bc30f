-- No release has kept hours in the forms before these.
DROP TABLE rollup;
DROP TABLE chunk;
DROP TABLE timeline;
DROP TABLE hour;

-- Folded hours. A tick belongs to the hour of its last millisecond: hour < t <= hour + 1 h.
CREATE TABLE hour (
  hour INTEGER PRIMARY KEY,
  first INTEGER NOT NULL, -- start of the oldest sample, which may lie before the hour
  blocks INTEGER NOT NULL
) STRICT;

-- The intervals of a target's samples within an hour, shared by all its chunks.
CREATE TABLE timeline (
  hour INTEGER NOT NULL,
  target INTEGER NOT NULL,
  v BLOB NOT NULL,
  PRIMARY KEY (hour, target)
) STRICT, WITHOUT ROWID;

CREATE TABLE chunk (
  hour INTEGER NOT NULL,
  series INTEGER NOT NULL,
  target INTEGER NOT NULL,
  v BLOB NOT NULL,
  PRIMARY KEY (hour, series, target)
) STRICT, WITHOUT ROWID;

-- The rollup: energy of every series that falls into a UTC hour, shares of samples that reach over its edges included.
CREATE TABLE energy (
  hour INTEGER PRIMARY KEY,
  v BLOB NOT NULL
) STRICT;

-- How a container's power came to be known: measured, modelled or simulated.
ALTER TABLE series ADD COLUMN power_quality TEXT NOT NULL DEFAULT 'measured';
-- When a target last gave counters, whether or not they made samples.
ALTER TABLE target ADD COLUMN scraped INTEGER;

-- Labels of pods, as JSON.
CREATE TABLE pod_labels (
  namespace TEXT NOT NULL,
  pod TEXT NOT NULL,
  labels TEXT NOT NULL,
  seen INTEGER NOT NULL, -- when the labels were last recorded
  PRIMARY KEY (namespace, pod)
) STRICT, WITHOUT ROWID;
