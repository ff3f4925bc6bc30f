-- The table and views of the PostgreSQL store by the same names, for people with a SQL prompt. Average signal only.
-- Times are ISO 8601 in UTC; energy_mix_* are percent.
CREATE VIEW co2e_emissions AS
  SELECT zone AS region, strftime('%Y-%m-%dT%H:%M:%SZ', hour / 1000, 'unixepoch') AS timestamp,
    grams_per_kwh AS gCO2_per_kWh,
    json_extract(energy_mix, '$.solar') AS energy_mix_solar, json_extract(energy_mix, '$.wind') AS energy_mix_wind,
    json_extract(energy_mix, '$.hydro') AS energy_mix_hydro, json_extract(energy_mix, '$.nuclear') AS energy_mix_nuclear,
    json_extract(energy_mix, '$.coal') AS energy_mix_coal, json_extract(energy_mix, '$.gas') AS energy_mix_gas,
    json_extract(energy_mix, '$.oil') AS energy_mix_oil, json_extract(energy_mix, '$.other') AS energy_mix_other,
    provider AS source, data_quality,
    CASE quality WHEN 'measured' THEN 1.0 WHEN 'estimated' THEN 0.8 WHEN 'forecast' THEN 0.6
      WHEN 'yearly-average' THEN 0.3 ELSE 0.1 END AS confidence_score,
    json_object('signal', signal, 'quality', quality, 'emission_factor_type', emission_factor_type,
      'estimation_method', estimation_method, 'provider_updated_at', provider_updated_at) AS metadata
  FROM intensity WHERE signal = 'average';

-- The newest hour of each region that is not a forecast.
CREATE VIEW v_latest_co2e_by_region AS
  SELECT region, max(timestamp) AS timestamp, gCO2_per_kWh, source, data_quality, confidence_score, metadata
  FROM co2e_emissions
  WHERE data_quality <> 'forecast' AND timestamp <= strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
  GROUP BY region;

-- The last 24 hours of each region, hour by hour.
CREATE VIEW v_co2e_24h_hourly_avg AS
  SELECT region, timestamp AS hour, avg(gCO2_per_kWh) AS avg_gCO2_per_kWh, min(gCO2_per_kWh) AS min_gCO2_per_kWh,
    max(gCO2_per_kWh) AS max_gCO2_per_kWh, avg(confidence_score) AS avg_confidence_score, count(*) AS readings
  FROM co2e_emissions
  WHERE timestamp > strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-24 hours')
    AND timestamp <= strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
  GROUP BY region, timestamp;

-- Runs of hours from the last day on, forecast included, in which a region stays below 100 gCO2eq/kWh.
CREATE VIEW v_clean_energy_windows AS
  WITH clean AS (
    SELECT region, unixepoch(timestamp) AS at, gCO2_per_kWh, confidence_score,
      unixepoch(timestamp) - row_number() OVER (PARTITION BY region ORDER BY timestamp) * 3600 AS run
    FROM co2e_emissions
    WHERE gCO2_per_kWh < 100 AND timestamp > strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-24 hours')
  )
  SELECT region, strftime('%Y-%m-%dT%H:%M:%SZ', min(at), 'unixepoch') AS window_start,
    strftime('%Y-%m-%dT%H:%M:%SZ', max(at) + 3600, 'unixepoch') AS window_end, count(*) AS hours,
    avg(gCO2_per_kWh) AS avg_gCO2_per_kWh, min(confidence_score) AS min_confidence_score
  FROM clean GROUP BY region, run;
