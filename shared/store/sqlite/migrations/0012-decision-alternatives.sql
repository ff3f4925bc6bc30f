-- The zones of the candidates whose intensity was known (DE=3,FR=2), and the latest moment at which the pod had to start.
ALTER TABLE decision ADD COLUMN candidate_zones TEXT;
ALTER TABLE decision ADD COLUMN latest_start INTEGER;
-- A record without candidates, of a replica that was not asked about the pod, never takes the place of another.
CREATE TRIGGER decision_keeps_candidates BEFORE INSERT ON decision
WHEN NEW.candidates = 0 AND EXISTS (SELECT 1 FROM decision WHERE uid = NEW.uid)
BEGIN
  SELECT RAISE(IGNORE);
END;
