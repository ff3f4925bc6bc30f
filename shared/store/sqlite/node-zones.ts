import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeZoneRow, NodeZoneStore } from '../../records/node-zones.ts';
import { openForReading, openForWriting, type SqliteDatabase } from './database.ts';

// SQLite takes the other columns of the row that holds the maximum.
const LATEST = 'SELECT node, zone, max(since) FROM node_zones GROUP BY node';
const INSERT = 'INSERT OR REPLACE INTO node_zones (node, zone, since) VALUES (?, ?, ?)';

/** Opens the embedded store for the zones of nodes; the file is made by the first write. */
export function openSqliteNodeZones(folder: string, file: string): NodeZoneStore {
  const path = join(folder, file);
  let database: SqliteDatabase | undefined;
  let reader: SqliteDatabase | undefined;
  const latest = (from: SqliteDatabase) => new Map(from.all<NodeZoneRow>(LATEST).map(({ node, zone }) => [node, zone]));
  return {
    async recordNodeZones(zones, since) {
      mkdirSync(folder, { recursive: true });
      database ??= openForWriting(path);
      const writable = database;
      writable.write(() => {
        const known = latest(writable);
        for (const [node, zone] of zones) if (known.get(node) !== zone) writable.run(INSERT, node, zone, since);
      });
    },
    async nodeZones() {
      // A process that only asks may have no right to write.
      if (database === undefined && existsSync(path)) reader ??= openForReading(path);
      const source = database ?? reader;
      return source === undefined ? new Map() : latest(source);
    },
    async [Symbol.asyncDispose]() {
      database?.[Symbol.dispose]();
      reader?.[Symbol.dispose]();
    },
  };
}
