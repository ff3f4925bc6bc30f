-- When a placed pod was made, and when it was let out of the wait for a cleaner hour; null where nobody knows.
ALTER TABLE decision ADD COLUMN arrived_at INTEGER;
ALTER TABLE decision ADD COLUMN released_at INTEGER;
