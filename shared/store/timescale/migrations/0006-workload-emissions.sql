-- What services' requests emitted, by region and period. Energy in kWh, emissions in gCO2e, intensity in gCO2/kWh.
CREATE TABLE workload_emissions (
  service_name text NOT NULL,
  region text NOT NULL,
  period_start timestamptz NOT NULL,
  period_end timestamptz NOT NULL, -- not included
  request_count bigint NOT NULL CHECK (request_count > 0),
  total_kWh double precision NOT NULL,
  avg_kWh_per_request double precision NOT NULL,
  total_gCO2e double precision NOT NULL,
  gCO2e_per_1k_requests double precision NOT NULL,
  avg_grid_gCO2_per_kWh double precision NOT NULL,
  min_grid_gCO2_per_kWh double precision NOT NULL,
  max_grid_gCO2_per_kWh double precision NOT NULL,
  calculation_method text NOT NULL,
  assumptions jsonb NOT NULL DEFAULT '{}',
  metadata jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CHECK (period_end > period_start),
  UNIQUE (service_name, region, period_start, period_end)
);
CREATE INDEX idx_workload_service_period ON workload_emissions (service_name, period_start DESC);
CREATE INDEX idx_workload_region_period ON workload_emissions (region, period_start DESC);
CREATE INDEX idx_workload_period ON workload_emissions (period_start DESC, period_end DESC);
CREATE INDEX idx_workload_metadata ON workload_emissions USING gin (metadata);
