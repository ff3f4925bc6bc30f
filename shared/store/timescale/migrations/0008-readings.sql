-- Meter readings by site. Power in watts.
CREATE TABLE site (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,
  zone text -- as given through the API; null: none was given
);

CREATE TABLE meter (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  site_id integer NOT NULL REFERENCES site (id),
  name text NOT NULL,
  first timestamptz NOT NULL, -- time of the oldest and newest reading
  last timestamptz NOT NULL,
  UNIQUE (site_id, name)
);

-- stream_ms and stream_seq: the stream entry that brought the reading first.
CREATE TABLE meter_reading (
  site_id integer NOT NULL,
  "timestamp" timestamptz NOT NULL,
  meter_id integer NOT NULL,
  watts double precision NOT NULL,
  stream_ms bigint NOT NULL,
  stream_seq bigint NOT NULL,
  PRIMARY KEY (site_id, "timestamp", meter_id)
);

-- A hypertable where TimescaleDB is: old days go in whole chunks.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
    PERFORM create_hypertable('meter_reading', 'timestamp',
      chunk_time_interval => INTERVAL '1 day', create_default_indexes => FALSE);
  END IF;
END
$$;

-- Answers to deliveries that carried an Idempotency-Key.
CREATE TABLE reading_delivery (
  key text PRIMARY KEY,
  expires timestamptz NOT NULL,
  note text NOT NULL,
  stream_ids text NOT NULL
);

-- What people and Grafana ask for.
CREATE VIEW v_meter_reading AS
  SELECT site.name AS site, site.zone, meter.name AS device, reading."timestamp", reading.watts
  FROM meter_reading AS reading JOIN meter ON meter.id = reading.meter_id JOIN site ON site.id = reading.site_id;
