import { machinesOf, type NodeMachineRow, type NodeMachineStore } from '../../records/node-machines.ts';
import type { SqliteFile } from './file.ts';

const UPSERT = `INSERT INTO node_machine (node, machine, seen) VALUES (?, ?, ?)
  ON CONFLICT DO UPDATE SET machine = excluded.machine, seen = excluded.seen WHERE excluded.seen >= seen`;

/** The machines of nodes in the embedded store; none while there is no file yet. */
export function sqliteNodeMachines(file: SqliteFile): NodeMachineStore {
  return {
    async recordNodeMachines(machines, seen) {
      const database = file.writer();
      await database.writeSoon(() => {
        for (const [node, machine] of machines) database.run(UPSERT, node, JSON.stringify(machine), seen);
      });
    },
    async nodeMachines() {
      return machinesOf(file.reader()?.all<NodeMachineRow>('SELECT node, machine FROM node_machine') ?? []);
    },
  };
}
