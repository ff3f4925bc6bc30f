-- The model behind modelled power: JSON of its name and its bounds; NULL where there is none.
ALTER TABLE power_series ADD COLUMN power_model text;
