-- Which of several processes does a thing: it renews its row, and another may take the row over once it has expired.
CREATE TABLE carbon_leases (
  purpose text NOT NULL,
  name text NOT NULL,
  holder text NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (purpose, name)
);
