-- Names, keys and defaults that clients of earlier systems rely on in these tables.
ALTER TABLE co2e_emissions ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE co2e_emissions ADD PRIMARY KEY (id);
ALTER TABLE co2e_marginal_emissions ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE co2e_marginal_emissions ADD PRIMARY KEY (id);
UPDATE co2e_emissions SET source = replace(source, '-', '_') WHERE source LIKE '%-%';
UPDATE co2e_marginal_emissions SET source = replace(source, '-', '_') WHERE source LIKE '%-%';
ALTER INDEX idx_co2e_region_time RENAME TO idx_co2e_region_timestamp;
ALTER INDEX idx_co2e_low_intensity RENAME TO idx_co2e_clean_periods;
ALTER INDEX idx_co2e_metadata RENAME TO idx_co2e_metadata_gin;

CREATE OR REPLACE VIEW v_latest_co2e_by_region AS
  SELECT DISTINCT ON (region) region, "timestamp", gCO2_per_kWh, source, data_quality, confidence_score, metadata, updated_at,
    id, energy_mix_solar, energy_mix_wind, energy_mix_hydro, energy_mix_nuclear, energy_mix_coal, energy_mix_gas,
    energy_mix_oil, energy_mix_other
  FROM co2e_emissions
  WHERE data_quality <> 'forecast' AND "timestamp" <= now()
  ORDER BY region, "timestamp" DESC;

ALTER TABLE workload_emissions ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE workload_emissions ADD PRIMARY KEY (id);
ALTER TABLE workload_emissions ALTER COLUMN calculation_method SET DEFAULT 'manual';
CREATE INDEX idx_workload_high_emissions ON workload_emissions (total_gCO2e DESC, period_start DESC);

-- Figures that follow from the others may be left out of an INSERT.
CREATE FUNCTION workload_emissions_complete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.avg_kWh_per_request := coalesce(NEW.avg_kWh_per_request, NEW.total_kWh / NEW.request_count);
  NEW.gCO2e_per_1k_requests := coalesce(NEW.gCO2e_per_1k_requests, NEW.total_gCO2e * 1000 / NEW.request_count);
  NEW.avg_grid_gCO2_per_kWh := coalesce(NEW.avg_grid_gCO2_per_kWh, NEW.total_gCO2e / nullif(NEW.total_kWh, 0));
  NEW.min_grid_gCO2_per_kWh := coalesce(NEW.min_grid_gCO2_per_kWh, NEW.avg_grid_gCO2_per_kWh);
  NEW.max_grid_gCO2_per_kWh := coalesce(NEW.max_grid_gCO2_per_kWh, NEW.avg_grid_gCO2_per_kWh);
  RETURN NEW;
END
$$;
CREATE TRIGGER workload_emissions_complete BEFORE INSERT ON workload_emissions
  FOR EACH ROW EXECUTE FUNCTION workload_emissions_complete();
