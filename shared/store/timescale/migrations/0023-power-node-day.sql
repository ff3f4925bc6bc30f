-- For how long the power of a node is known in a folded day: each hour as long as that of the container with most. The making of
-- machines is shared for that time.
CREATE TABLE power_node_day (
  node text NOT NULL,
  day timestamptz NOT NULL,
  covered_ms bigint NOT NULL,
  PRIMARY KEY (day, node)
);

CREATE FUNCTION power_fold_nodes(of_day timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM power_node_day WHERE day = of_day;
  EXECUTE 'INSERT INTO power_node_day SELECT node, day, '
    || (SELECT string_agg(format('max(c%s)', hour), '::bigint + ') FROM generate_series(0, 23) AS hour)
    || ' FROM power_day JOIN power_series ON id = series_id WHERE day = $1 GROUP BY node, day'
    USING of_day;
END
$$;

SELECT power_fold_nodes(day) FROM power_folded_day;
