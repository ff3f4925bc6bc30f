-- Names that ZONES has had for grid zones. A zone is listed under each of them; one without an entry, under its code.
CREATE TABLE region_name (
  name TEXT NOT NULL,
  zone TEXT NOT NULL,
  PRIMARY KEY (zone, name)
) STRICT, WITHOUT ROWID;

DROP VIEW co2e_emissions;
CREATE VIEW co2e_emissions AS
  SELECT coalesce(region_name.name, intensity.zone) AS region,
    strftime('%Y-%m-%dT%H:%M:%SZ', hour / 1000, 'unixepoch') AS timestamp,
    grams_per_kwh AS gCO2_per_kWh,
    json_extract(energy_mix, '$.solar') AS energy_mix_solar, json_extract(energy_mix, '$.wind') AS energy_mix_wind,
    json_extract(energy_mix, '$.hydro') AS energy_mix_hydro, json_extract(energy_mix, '$.nuclear') AS energy_mix_nuclear,
    json_extract(energy_mix, '$.coal') AS energy_mix_coal, json_extract(energy_mix, '$.gas') AS energy_mix_gas,
    json_extract(energy_mix, '$.oil') AS energy_mix_oil, json_extract(energy_mix, '$.other') AS energy_mix_other,
    replace(provider, '-', '_') AS source, data_quality,
    CASE quality WHEN 'measured' THEN 1.0 WHEN 'estimated' THEN 0.8 WHEN 'forecast' THEN 0.6
      WHEN 'yearly-average' THEN 0.3 ELSE 0.1 END AS confidence_score,
    json_object('signal', signal, 'quality', quality, 'emission_factor_type', emission_factor_type,
      'estimation_method', estimation_method, 'provider_updated_at', provider_updated_at) AS metadata,
    strftime('%Y-%m-%dT%H:%M:%fZ', created_at / 1000.0, 'unixepoch') AS created_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', updated_at / 1000.0, 'unixepoch') AS updated_at,
    intensity.zone AS zone
  FROM intensity LEFT JOIN region_name ON region_name.zone = intensity.zone WHERE signal = 'average';

ALTER TABLE workload_emissions ADD COLUMN zone TEXT GENERATED ALWAYS AS (json_extract(assumptions, '$.zone')) VIRTUAL;
