-- What runs in one namespace on one node is mostly asked for together. Its days are added up once more when they are folded:
-- a window of 90 days then reads a row a day and group instead of one a day and container.
CREATE TABLE power_group (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  namespace text NOT NULL,
  node text NOT NULL,
  device text NOT NULL,
  UNIQUE (namespace, node, device)
);

-- The columns of power_day, summed over the series of a group.
CREATE TABLE power_group_day (LIKE power_day INCLUDING DEFAULTS);
ALTER TABLE power_group_day RENAME COLUMN series_id TO group_id;
-- Covered time of many containers is longer than a day.
ALTER TABLE power_group_day ALTER COLUMN covered_ms TYPE bigint, ADD PRIMARY KEY (day, group_id);
DO $$
BEGIN
  EXECUTE 'ALTER TABLE power_group_day '
    || (SELECT string_agg(format('ALTER COLUMN c%s TYPE bigint', hour), ', ') FROM generate_series(0, 23) AS hour);
END
$$;

-- Adds up the series of a folded day.
CREATE FUNCTION power_fold_groups(of_day timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM power_group_day WHERE day = of_day;
  INSERT INTO power_group (namespace, node, device)
    SELECT DISTINCT namespace, node, device FROM power_day JOIN power_series ON id = series_id WHERE day = of_day
    EXCEPT SELECT namespace, node, device FROM power_group
    ON CONFLICT DO NOTHING;
  EXECUTE 'INSERT INTO power_group_day SELECT power_group.id, day, sum(millijoules), sum(covered_ms)'
    || (SELECT string_agg(format(', sum(e%s)', hour), '' ORDER BY hour) FROM generate_series(0, 23) AS hour)
    || (SELECT string_agg(format(', sum(c%s)', hour), '' ORDER BY hour) FROM generate_series(0, 23) AS hour)
    || ' FROM power_day JOIN power_series AS series ON series.id = series_id
         JOIN power_group USING (namespace, node, device) WHERE day = $1 GROUP BY power_group.id, day'
    USING of_day;
END
$$;

SELECT power_fold_groups(day) FROM power_folded_day;
