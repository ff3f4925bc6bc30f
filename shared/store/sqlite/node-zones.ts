import type { NodeZoneRow, NodeZoneStore } from '../../records/node-zones.ts';
import type { SqliteDatabase } from './database.ts';
import type { SqliteFile } from './file.ts';

// SQLite takes the other columns of the row that holds the maximum.
const LATEST = 'SELECT node, zone, max(since) FROM node_zones GROUP BY node';
const INSERT = 'INSERT OR REPLACE INTO node_zones (node, zone, since) VALUES (?, ?, ?)';

/** The zones of nodes in the embedded store; none while there is no file yet. */
export function sqliteNodeZones(file: SqliteFile): NodeZoneStore {
  return {
    async recordNodeZones(zones, since) {
      const database = file.writer();
      await database.writeSoon(() => {
        const known = latest(database);
        for (const [node, zone] of zones) if (known.get(node) !== zone) database.run(INSERT, node, zone, since);
      });
    },
    async nodeZones() {
      const database = file.reader();
      return database === undefined ? new Map() : latest(database);
    },
  };
}

function latest(database: SqliteDatabase): Map<string, NodeZoneRow['zone']> {
  return new Map(database.all<NodeZoneRow>(LATEST).map(({ node, zone }) => [node, zone]));
}
