-- What a provider told beside the value; null: unknown.
ALTER TABLE intensity ADD COLUMN data_quality TEXT NOT NULL DEFAULT 'real_time'; -- real_time, forecast or historical
ALTER TABLE intensity ADD COLUMN emission_factor_type TEXT;
ALTER TABLE intensity ADD COLUMN estimation_method TEXT;
ALTER TABLE intensity ADD COLUMN provider_updated_at INTEGER;
ALTER TABLE intensity ADD COLUMN energy_mix TEXT; -- JSON, percent by source
