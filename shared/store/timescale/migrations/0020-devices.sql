-- What a container used on GPUs is a series of its own: device is 'gpu' there, and empty for processors and memory.
ALTER TABLE power_series ADD COLUMN device text NOT NULL DEFAULT '';
ALTER TABLE power_series DROP CONSTRAINT power_series_namespace_pod_container_node_key;
ALTER TABLE power_series ADD UNIQUE (namespace, pod, container, node, device);

-- A row is of processors and memory, or of GPUs: joules of all rows add up, and gpu_joules is the part of GPUs.
CREATE OR REPLACE VIEW v_container_power AS
  SELECT namespace, pod, container, node, start_time, end_time, millijoules / 1000.0 AS joules,
    millijoules / extract(epoch FROM end_time - start_time) / 1000 AS joules_per_second,
    date_trunc('minute', end_time - INTERVAL '1 millisecond') AS block_start, power_quality, device,
    CASE WHEN device = 'gpu' THEN millijoules / 1000.0 END AS gpu_joules
  FROM power_sample JOIN power_series ON id = series_id, power_horizon
  WHERE end_time > forgotten_before;

CREATE OR REPLACE VIEW v_container_energy_hourly AS
  SELECT namespace, pod, container, node, hour, millijoules / 1000.0 AS joules, millijoules / 3.6e9 AS kwh,
    least(covered_ms / 3.6e6, 1) AS coverage, power_quality, device,
    CASE WHEN device = 'gpu' THEN millijoules / 1000.0 END AS gpu_joules
  FROM power_hour JOIN power_series ON id = series_id;
