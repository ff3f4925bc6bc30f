-- Hours of finished UTC days side by side, made by the retention task from power_hour: long windows read a row a day and
-- series instead of 24. e0 to e23: millijoules of each hour, exact up to 2^53; c0 to c23: milliseconds for which power is known.
DO $$
BEGIN
  EXECUTE 'CREATE TABLE power_day (series_id integer NOT NULL, day timestamptz NOT NULL, millijoules double precision NOT NULL,
    covered_ms integer NOT NULL, '
    || (SELECT string_agg(format('e%s double precision NOT NULL', hour), ', ' ORDER BY hour) FROM generate_series(0, 23) AS hour) || ', '
    || (SELECT string_agg(format('c%s integer NOT NULL', hour), ', ' ORDER BY hour) FROM generate_series(0, 23) AS hour)
    || ', PRIMARY KEY (day, series_id))';
END
$$;

-- Days whose rows in power_day are all there; a late sample removes its days, and they are folded again.
CREATE TABLE power_folded_day (
  day timestamptz PRIMARY KEY
);
