-- How a container's power was last known: counted by hardware, worked out by a model, or invented.
ALTER TABLE power_series ADD COLUMN power_quality text NOT NULL DEFAULT 'measured';

-- When a target last answered, whether or not it gave samples.
CREATE TABLE power_target (
  name text PRIMARY KEY,
  scraped_at timestamptz NOT NULL
);

CREATE TABLE pod_labels (
  namespace text NOT NULL,
  pod text NOT NULL,
  labels jsonb NOT NULL,
  seen timestamptz NOT NULL,  -- when the labels were last recorded
  PRIMARY KEY (namespace, pod)
);
CREATE INDEX pod_labels_by_label ON pod_labels USING gin (labels);

CREATE OR REPLACE VIEW v_container_power AS
  SELECT namespace, pod, container, node, start_time, end_time, millijoules / 1000.0 AS joules,
    millijoules / extract(epoch FROM end_time - start_time) / 1000 AS joules_per_second,
    date_trunc('minute', end_time - INTERVAL '1 millisecond') AS block_start, power_quality
  FROM power_sample JOIN power_series ON id = series_id, power_horizon
  WHERE end_time > forgotten_before;

CREATE OR REPLACE VIEW v_container_energy_hourly AS
  SELECT namespace, pod, container, node, hour, millijoules / 1000.0 AS joules, millijoules / 3.6e9 AS kwh,
    least(covered_ms / 3.6e6, 1) AS coverage, power_quality
  FROM power_hour JOIN power_series ON id = series_id;
