-- Open incidents of the grid data and messages still to be delivered, so that a poller's restart neither repeats nor
-- loses an alert. One row for each LEASE_NAME.
CREATE TABLE alert_state (
  name text PRIMARY KEY,
  state jsonb NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);
