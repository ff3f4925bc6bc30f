-- Carbon intensity by region and hour: average signal. energy_mix_* are shares of generation in percent.
CREATE TABLE co2e_emissions (
  region text NOT NULL,
  "timestamp" timestamptz NOT NULL,
  gCO2_per_kWh double precision NOT NULL,
  energy_mix_solar double precision,
  energy_mix_wind double precision,
  energy_mix_hydro double precision,
  energy_mix_nuclear double precision,
  energy_mix_coal double precision,
  energy_mix_gas double precision,
  energy_mix_oil double precision,
  energy_mix_other double precision,
  source text NOT NULL,
  data_quality text NOT NULL CHECK (data_quality IN ('real_time', 'forecast', 'historical')),
  confidence_score double precision NOT NULL DEFAULT 0.5 CHECK (confidence_score BETWEEN 0 AND 1),
  metadata jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (region, "timestamp")
);
CREATE INDEX idx_co2e_region_time ON co2e_emissions (region, "timestamp" DESC);
CREATE INDEX idx_co2e_high_intensity ON co2e_emissions ("timestamp" DESC, region) WHERE gCO2_per_kWh > 400;
CREATE INDEX idx_co2e_low_intensity ON co2e_emissions ("timestamp" DESC, region) WHERE gCO2_per_kWh < 100;
CREATE INDEX idx_co2e_metadata ON co2e_emissions USING gin (metadata);

-- Marginal signals stand apart: they are never ranked, averaged or mixed with the average signal.
CREATE TABLE co2e_marginal_emissions (LIKE co2e_emissions INCLUDING ALL);

-- The newest hour of each region that is not a forecast.
CREATE VIEW v_latest_co2e_by_region AS
  SELECT DISTINCT ON (region) region, "timestamp", gCO2_per_kWh, source, data_quality, confidence_score, metadata, updated_at
  FROM co2e_emissions
  WHERE data_quality <> 'forecast' AND "timestamp" <= now()
  ORDER BY region, "timestamp" DESC;

-- The last 24 hours of each region, hour by hour, and its mean over them.
CREATE VIEW v_co2e_24h_hourly_avg AS
  SELECT region, date_trunc('hour', "timestamp", 'UTC') AS hour, avg(gCO2_per_kWh) AS avg_gCO2_per_kWh,
    min(gCO2_per_kWh) AS min_gCO2_per_kWh, max(gCO2_per_kWh) AS max_gCO2_per_kWh,
    avg(confidence_score) AS avg_confidence_score, count(*) AS readings
  FROM co2e_emissions
  WHERE "timestamp" > now() - INTERVAL '24 hours' AND "timestamp" <= now()
  GROUP BY region, date_trunc('hour', "timestamp", 'UTC');

-- Runs of hours from the last day on, forecast included, in which a region stays below 100 gCO2eq/kWh.
CREATE VIEW v_clean_energy_windows AS
  WITH clean AS (
    SELECT region, "timestamp", gCO2_per_kWh, confidence_score, "timestamp"
      - row_number() OVER (PARTITION BY region ORDER BY "timestamp") * INTERVAL '1 hour' AS run
    FROM co2e_emissions
    WHERE gCO2_per_kWh < 100 AND "timestamp" > now() - INTERVAL '24 hours'
  )
  SELECT region, min("timestamp") AS window_start, max("timestamp") + INTERVAL '1 hour' AS window_end,
    count(*) AS hours, avg(gCO2_per_kWh) AS avg_gCO2_per_kWh, min(confidence_score) AS min_confidence_score
  FROM clean
  GROUP BY region, run;

-- Removes hours older than the retention time; returns how many rows went.
CREATE FUNCTION cleanup_old_co2e_data(retention INTERVAL DEFAULT '90 days') RETURNS bigint LANGUAGE sql AS $$
  WITH average AS (DELETE FROM co2e_emissions WHERE "timestamp" < now() - retention RETURNING 1),
    marginal AS (DELETE FROM co2e_marginal_emissions WHERE "timestamp" < now() - retention RETURNING 1)
  SELECT (SELECT count(*) FROM average) + (SELECT count(*) FROM marginal)
$$;
