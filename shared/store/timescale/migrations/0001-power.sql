-- Energy of containers. Energy is whole millijoules; a sample covers [start_time, end_time).
CREATE TABLE power_series (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  namespace text NOT NULL,
  pod text NOT NULL,
  container text NOT NULL,
  node text NOT NULL,
  UNIQUE (namespace, pod, container, node)
);

-- A hypertable where TimescaleDB is, else native partitions; one per UTC day.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
    CREATE TABLE power_sample (
      series_id integer NOT NULL,
      start_time timestamptz NOT NULL,
      end_time timestamptz NOT NULL,
      millijoules bigint NOT NULL,
      PRIMARY KEY (series_id, end_time)
    );
    PERFORM create_hypertable('power_sample', 'end_time',
      chunk_time_interval => INTERVAL '1 day', create_default_indexes => FALSE);
  ELSE
    CREATE TABLE power_sample (
      series_id integer NOT NULL,
      start_time timestamptz NOT NULL,
      end_time timestamptz NOT NULL,
      millijoules bigint NOT NULL,
      PRIMARY KEY (series_id, end_time)
    ) PARTITION BY RANGE (end_time);
  END IF;
END
$$;

-- Energy that falls into a UTC hour, shares of samples that reach over its edges included; written with the samples.
CREATE TABLE power_hour (
  series_id integer NOT NULL,
  hour timestamptz NOT NULL,
  millijoules bigint NOT NULL,
  covered_ms integer NOT NULL,
  samples integer NOT NULL,    -- that end in the hour
  max_milliwatts bigint NOT NULL,
  minutes bigint NOT NULL,     -- bit n: some sample has its last millisecond in minute n of the hour
  first_start timestamptz,     -- of the samples that end in the hour; null where none does
  last_end timestamptz,
  PRIMARY KEY (series_id, hour)
) WITH (fillfactor = 60);
CREATE INDEX power_hour_by_time ON power_hour (hour);

-- Blocks of hours that are over, counted once; a late sample removes its hour's count.
CREATE TABLE power_closed_hour (
  hour timestamptz PRIMARY KEY,
  blocks bigint NOT NULL
);

-- Readers leave out what lies before; whole days are then dropped at once.
CREATE TABLE power_horizon (
  single boolean PRIMARY KEY DEFAULT TRUE CHECK (single),
  forgotten_before timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO power_horizon DEFAULT VALUES;

-- Makes the partition of the UTC day that holds a time; nothing to do on a hypertable, which makes its own.
CREATE FUNCTION power_make_partition(at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  day timestamptz := date_trunc('day', at, 'UTC');
  partition text := 'power_sample_' || to_char(day AT TIME ZONE 'UTC', 'YYYYMMDD');
BEGIN
  IF NOT EXISTS (SELECT FROM pg_partitioned_table WHERE partrelid = 'power_sample'::regclass)
    OR to_regclass(partition) IS NOT NULL THEN RETURN; END IF;
  -- Attached rather than made in place: that does not wait for readers of the other days.
  EXECUTE format('CREATE TABLE %I (LIKE power_sample INCLUDING ALL)', partition);
  EXECUTE format('ALTER TABLE power_sample ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
    partition, day, day + INTERVAL '24 hours');
END
$$;

-- Drops the days that end at or before a time.
CREATE FUNCTION power_drop_days_before(cutoff timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  dropped integer := 0;
  partition regclass;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_partitioned_table WHERE partrelid = 'power_sample'::regclass) THEN
    SELECT count(*) INTO dropped FROM drop_chunks('power_sample', older_than => cutoff);
    RETURN dropped;
  END IF;
  FOR partition IN
    SELECT inhrelid::regclass FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = 'power_sample'::regclass
      AND to_timestamp(right(relname, 8) || '+00', 'YYYYMMDDTZH') + INTERVAL '24 hours' <= cutoff
  LOOP
    EXECUTE format('DROP TABLE %s', partition);
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END
$$;

-- For people: SQL and Grafana.
CREATE VIEW v_container_power AS
  SELECT namespace, pod, container, node, start_time, end_time, millijoules / 1000.0 AS joules,
    millijoules / extract(epoch FROM end_time - start_time) / 1000 AS joules_per_second,
    date_trunc('minute', end_time - INTERVAL '1 millisecond') AS block_start
  FROM power_sample JOIN power_series ON id = series_id, power_horizon
  WHERE end_time > forgotten_before;

CREATE VIEW v_container_energy_hourly AS
  SELECT namespace, pod, container, node, hour, millijoules / 1000.0 AS joules, millijoules / 3.6e9 AS kwh,
    least(covered_ms / 3.6e6, 1) AS coverage
  FROM power_hour JOIN power_series ON id = series_id;
