-- When a placed pod was made, and when it was let out of the wait for a cleaner hour; null where nobody knows.
ALTER TABLE placement_decisions ADD COLUMN arrived_at timestamptz, ADD COLUMN released_at timestamptz;
