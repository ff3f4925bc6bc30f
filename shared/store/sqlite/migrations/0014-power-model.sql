-- The model behind modelled power: JSON of its name and its bounds; NULL where there is none.
ALTER TABLE series ADD COLUMN power_model TEXT;
