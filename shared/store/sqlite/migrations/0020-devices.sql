-- What a container used on GPUs is a series of its own: device is 'gpu' there, and empty for processors and memory.
CREATE TABLE series_by_device (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  namespace TEXT NOT NULL,
  pod TEXT NOT NULL,
  container TEXT NOT NULL,
  node TEXT NOT NULL,
  device TEXT NOT NULL DEFAULT '',
  first INTEGER NOT NULL, -- start of the oldest sample
  last INTEGER NOT NULL, -- end of the newest folded sample; ticks may hold newer ones
  power_quality TEXT NOT NULL DEFAULT 'measured', -- or modelled, or simulated
  power_model TEXT, -- JSON of the model's name and its bounds; NULL where there is none
  UNIQUE (namespace, pod, container, node, device)
) STRICT;
INSERT INTO series_by_device (id, namespace, pod, container, node, first, last, power_quality, power_model)
  SELECT id, namespace, pod, container, node, first, last, power_quality, power_model FROM series;
-- Numbers of series that are gone are never given out again.
DELETE FROM sqlite_sequence WHERE name = 'series_by_device';
UPDATE sqlite_sequence SET name = 'series_by_device' WHERE name = 'series';
DROP TABLE series;
ALTER TABLE series_by_device RENAME TO series;
