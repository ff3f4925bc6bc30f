CREATE TABLE workload_emissions (
  service_name TEXT NOT NULL,
  region TEXT NOT NULL,
  period_start INTEGER NOT NULL, -- milliseconds since 1970 UTC
  period_end INTEGER NOT NULL, -- not included
  request_count INTEGER NOT NULL CHECK (request_count > 0),
  total_kWh REAL NOT NULL,
  avg_kWh_per_request REAL NOT NULL,
  total_gCO2e REAL NOT NULL,
  gCO2e_per_1k_requests REAL NOT NULL,
  avg_grid_gCO2_per_kWh REAL NOT NULL,
  min_grid_gCO2_per_kWh REAL NOT NULL,
  max_grid_gCO2_per_kWh REAL NOT NULL,
  calculation_method TEXT NOT NULL,
  assumptions TEXT NOT NULL CHECK (json_valid(assumptions)),
  metadata TEXT NOT NULL CHECK (json_valid(metadata)),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CHECK (period_end > period_start),
  UNIQUE (service_name, region, period_start, period_end)
) STRICT;
CREATE INDEX workload_emissions_period ON workload_emissions (period_start, period_end);
CREATE INDEX workload_emissions_region ON workload_emissions (region, period_start);
CREATE INDEX workload_emissions_service ON workload_emissions (service_name, period_start);
