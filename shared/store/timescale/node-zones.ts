import type { NodeZoneRow, NodeZoneStore } from '../../records/node-zones.ts';
import type { TimescaleDatabase } from './database.ts';

const LATEST = 'SELECT DISTINCT ON (node) node, zone FROM node_zones ORDER BY node, since DESC';
const INSERT = `WITH latest AS (${LATEST})
  INSERT INTO node_zones (node, zone, since)
  SELECT given.node, given.zone, $3 FROM unnest($1::text[], $2::text[]) AS given(node, zone)
  LEFT JOIN latest ON latest.node = given.node WHERE latest.zone IS DISTINCT FROM given.zone
  ON CONFLICT (node, since) DO UPDATE SET zone = excluded.zone`;

/** The zones of nodes in PostgreSQL. */
export function timescaleNodeZones(database: TimescaleDatabase): NodeZoneStore {
  return {
    async recordNodeZones(zones, since) {
      await database.query(INSERT, [[...zones.keys()], [...zones.values()], new Date(since)]);
    },
    async nodeZones() {
      const rows = await database.query<NodeZoneRow>(LATEST, []);
      return new Map([...rows].map(({ node, zone }) => [node, zone]));
    },
  };
}
