-- region is the name that ZONES gives (us-east-1), zone the grid zone behind it. Decimal types as clients of earlier
-- systems know them; in workload_emissions without a number of places, so that no small figure becomes 0.
DROP VIEW v_latest_co2e_by_region, v_co2e_24h_hourly_avg, v_clean_energy_windows;

-- Their conditions were made for the former type of the column.
DO $$
DECLARE
  partial text;
BEGIN
  FOR partial IN SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()
    AND tablename IN ('co2e_emissions', 'co2e_marginal_emissions') AND indexdef LIKE '%WHERE%gco2_per_kwh%'
  LOOP
    EXECUTE format('DROP INDEX %I', partial);
  END LOOP;
END
$$;

DO $$
DECLARE
  emissions text;
BEGIN
  FOREACH emissions IN ARRAY ARRAY['co2e_emissions', 'co2e_marginal_emissions'] LOOP
    EXECUTE format('ALTER TABLE %I ADD COLUMN zone text', emissions);
    EXECUTE format('UPDATE %I SET zone = region', emissions);
    EXECUTE format('ALTER TABLE %I
      ALTER COLUMN zone SET NOT NULL,
      ALTER COLUMN gCO2_per_kWh TYPE numeric(10, 4),
      ALTER COLUMN energy_mix_solar TYPE numeric(5, 2),
      ALTER COLUMN energy_mix_wind TYPE numeric(5, 2),
      ALTER COLUMN energy_mix_hydro TYPE numeric(5, 2),
      ALTER COLUMN energy_mix_nuclear TYPE numeric(5, 2),
      ALTER COLUMN energy_mix_coal TYPE numeric(5, 2),
      ALTER COLUMN energy_mix_gas TYPE numeric(5, 2),
      ALTER COLUMN energy_mix_oil TYPE numeric(5, 2),
      ALTER COLUMN energy_mix_other TYPE numeric(5, 2),
      ALTER COLUMN confidence_score TYPE numeric(3, 2)', emissions);
    EXECUTE format('CREATE INDEX ON %I (zone, "timestamp")', emissions);
  END LOOP;
END
$$;
-- The zone of a region that a row was written without: as in its newest row, else the name itself.
CREATE FUNCTION co2e_zone_of(name text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT coalesce(
    (SELECT zone FROM co2e_emissions WHERE region = name ORDER BY "timestamp" DESC LIMIT 1),
    (SELECT zone FROM co2e_marginal_emissions WHERE region = name ORDER BY "timestamp" DESC LIMIT 1))
$$;
CREATE FUNCTION co2e_complete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.zone := coalesce(co2e_zone_of(NEW.region), NEW.region);
  RETURN NEW;
END
$$;

CREATE TRIGGER co2e_complete BEFORE INSERT ON co2e_emissions FOR EACH ROW WHEN (NEW.zone IS NULL)
  EXECUTE FUNCTION co2e_complete();
CREATE TRIGGER co2e_complete BEFORE INSERT ON co2e_marginal_emissions FOR EACH ROW WHEN (NEW.zone IS NULL)
  EXECUTE FUNCTION co2e_complete();

CREATE INDEX idx_co2e_high_intensity ON co2e_emissions ("timestamp" DESC, region) WHERE gCO2_per_kWh > 400;
CREATE INDEX idx_co2e_clean_periods ON co2e_emissions ("timestamp" DESC, region) WHERE gCO2_per_kWh < 100;

CREATE VIEW v_latest_co2e_by_region AS
  SELECT DISTINCT ON (region) region, "timestamp", gCO2_per_kWh, source, data_quality, confidence_score, metadata, updated_at,
    id, energy_mix_solar, energy_mix_wind, energy_mix_hydro, energy_mix_nuclear, energy_mix_coal, energy_mix_gas,
    energy_mix_oil, energy_mix_other, zone
  FROM co2e_emissions
  WHERE data_quality <> 'forecast' AND "timestamp" <= now()
  ORDER BY region, "timestamp" DESC;

CREATE VIEW v_co2e_24h_hourly_avg AS
  SELECT region, date_trunc('hour', "timestamp", 'UTC') AS hour, avg(gCO2_per_kWh) AS avg_gCO2_per_kWh,
    min(gCO2_per_kWh) AS min_gCO2_per_kWh, max(gCO2_per_kWh) AS max_gCO2_per_kWh,
    avg(confidence_score) AS avg_confidence_score, count(*) AS readings
  FROM co2e_emissions
  WHERE "timestamp" > now() - INTERVAL '24 hours' AND "timestamp" <= now()
  GROUP BY region, date_trunc('hour', "timestamp", 'UTC');

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

ALTER TABLE workload_emissions
  ADD COLUMN zone text,
  ALTER COLUMN total_kWh TYPE numeric,
  ALTER COLUMN avg_kWh_per_request TYPE numeric,
  ALTER COLUMN total_gCO2e TYPE numeric,
  ALTER COLUMN gCO2e_per_1k_requests TYPE numeric,
  ALTER COLUMN avg_grid_gCO2_per_kWh TYPE numeric,
  ALTER COLUMN min_grid_gCO2_per_kWh TYPE numeric,
  ALTER COLUMN max_grid_gCO2_per_kWh TYPE numeric;
UPDATE workload_emissions SET zone = assumptions->>'zone';

CREATE OR REPLACE FUNCTION workload_emissions_complete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.zone := coalesce(NEW.zone, NEW.assumptions->>'zone', co2e_zone_of(NEW.region));
  NEW.avg_kWh_per_request := coalesce(NEW.avg_kWh_per_request, NEW.total_kWh / NEW.request_count);
  NEW.gCO2e_per_1k_requests := coalesce(NEW.gCO2e_per_1k_requests, NEW.total_gCO2e * 1000 / NEW.request_count);
  NEW.avg_grid_gCO2_per_kWh := coalesce(NEW.avg_grid_gCO2_per_kWh, NEW.total_gCO2e / nullif(NEW.total_kWh, 0));
  NEW.min_grid_gCO2_per_kWh := coalesce(NEW.min_grid_gCO2_per_kWh, NEW.avg_grid_gCO2_per_kWh);
  NEW.max_grid_gCO2_per_kWh := coalesce(NEW.max_grid_gCO2_per_kWh, NEW.avg_grid_gCO2_per_kWh);
  RETURN NEW;
END
$$;
