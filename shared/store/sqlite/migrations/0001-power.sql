-- Times are milliseconds since 1970 UTC, energy is whole millijoules.
CREATE TABLE series (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  namespace TEXT NOT NULL,
  pod TEXT NOT NULL,
  container TEXT NOT NULL,
  node TEXT NOT NULL,
  first INTEGER NOT NULL, -- start of the oldest sample
  last INTEGER NOT NULL, -- end of the newest folded sample; ticks may hold newer ones
  power_quality TEXT NOT NULL DEFAULT 'measured', -- or modelled, or simulated
  UNIQUE (namespace, pod, container, node)
) STRICT;

CREATE TABLE target (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  scraped INTEGER -- when it last gave counters, whether or not they made samples
) STRICT;

-- One scrape of one target, as it arrived. t is the end of its newest sample, first the start of its oldest.
CREATE TABLE tick (
  t INTEGER NOT NULL,
  target INTEGER NOT NULL,
  first INTEGER NOT NULL,
  v BLOB NOT NULL,
  PRIMARY KEY (t, target)
) STRICT;

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

-- Labels of pods, as JSON.
CREATE TABLE pod_labels (
  namespace TEXT NOT NULL,
  pod TEXT NOT NULL,
  labels TEXT NOT NULL,
  seen INTEGER NOT NULL, -- when the labels were last recorded
  PRIMARY KEY (namespace, pod)
) STRICT, WITHOUT ROWID;
