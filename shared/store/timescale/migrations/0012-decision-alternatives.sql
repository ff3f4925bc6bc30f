-- The zones of the candidates whose intensity was known (DE=3,FR=2), and the latest moment at which the pod had to start.
ALTER TABLE placement_decisions ADD COLUMN candidate_zones text, ADD COLUMN latest_start timestamptz;
