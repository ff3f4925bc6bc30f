-- One row for each pod that was placed; intensities are gCO2eq/kWh.
CREATE TABLE placement_decisions (
  uid text PRIMARY KEY,
  namespace text NOT NULL,
  pod text NOT NULL,
  owner_kind text,
  owner_name text,
  node text NOT NULL,
  zone text,
  intensity double precision,
  quality text,
  intensity_age_ms double precision,
  candidates integer NOT NULL,
  candidates_mean double precision,
  candidates_worst double precision,
  candidates_best double precision,
  mode text NOT NULL,
  decided_at timestamptz NOT NULL,
  bound_at timestamptz NOT NULL
);

CREATE INDEX placement_decisions_by_time ON placement_decisions (bound_at);
