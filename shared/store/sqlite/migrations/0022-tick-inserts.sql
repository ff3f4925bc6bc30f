-- How often a tick was inserted, by whichever process: a writer that finds it as it left it knows what is stored.
CREATE TABLE tick_inserts (n INTEGER NOT NULL) STRICT;
INSERT INTO tick_inserts (n) VALUES (0);
CREATE TRIGGER count_tick_inserts AFTER INSERT ON tick BEGIN
  UPDATE tick_inserts SET n = n + 1;
END;
