import type { NodeZoneRow, NodeZoneStore } from '../../records/node-zones.ts';
import { migratedDatabase } from './migrate.ts';

/** Longest time that one statement or transaction may take, in milliseconds. */
const STATEMENT_MS = 30_000;

const LATEST = 'SELECT DISTINCT ON (node) node, zone FROM node_zones ORDER BY node, since DESC';
const INSERT = `WITH latest AS (${LATEST})
  INSERT INTO node_zones (node, zone, since)
  SELECT told.node, told.zone, $3 FROM unnest($1::text[], $2::text[]) AS told(node, zone)
  LEFT JOIN latest ON latest.node = told.node WHERE latest.zone IS DISTINCT FROM told.zone
  ON CONFLICT (node, since) DO UPDATE SET zone = excluded.zone`;

/** Opens the zones of nodes in PostgreSQL. Asks for no connection yet: the database may be away. */
export function openTimescaleNodeZones(dsn: string): NodeZoneStore {
  const database = migratedDatabase(dsn, { connections: 1, timeoutMs: STATEMENT_MS });
  return {
    async recordNodeZones(zones, since) {
      await database.query(INSERT, [[...zones.keys()], [...zones.values()], new Date(since)]);
    },
    async nodeZones() {
      const rows = await database.query<NodeZoneRow>(LATEST, []);
      return new Map([...rows].map(({ node, zone }) => [node, zone]));
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}
