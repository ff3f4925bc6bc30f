-- How a container's power was last known: measured, modelled or simulated.
ALTER TABLE power_series ADD COLUMN power_quality text NOT NULL DEFAULT 'measured';
