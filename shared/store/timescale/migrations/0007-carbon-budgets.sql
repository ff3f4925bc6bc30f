CREATE TABLE carbon_budgets (
  kind text NOT NULL CHECK (kind IN ('namespace', 'service')),
  name text NOT NULL,
  per text NOT NULL,
  grams double precision NOT NULL CHECK (grams > 0),
  alerted_period timestamptz, -- start of the period of the last alert
  alerted_share double precision NOT NULL DEFAULT 0,
  PRIMARY KEY (kind, name, per)
);
