import { machinesOf, type NodeMachineRow, type NodeMachineStore } from '../../records/node-machines.ts';
import type { TimescaleDatabase } from './database.ts';

const UPSERT = `INSERT INTO node_machine AS kept (node, machine, seen)
  SELECT given.node, given.machine, $3 FROM unnest($1::text[], $2::text[]) AS given(node, machine)
  ON CONFLICT (node) DO UPDATE SET machine = excluded.machine, seen = excluded.seen WHERE excluded.seen >= kept.seen`;

/** The machines of nodes in PostgreSQL. */
export function timescaleNodeMachines(database: TimescaleDatabase): NodeMachineStore {
  return {
    async recordNodeMachines(machines, seen) {
      const texts = [...machines.values()].map((machine) => JSON.stringify(machine));
      await database.query(UPSERT, [[...machines.keys()], texts, new Date(seen)]);
    },
    async nodeMachines() {
      return machinesOf(await database.query<NodeMachineRow>('SELECT node, machine FROM node_machine', []));
    },
  };
}
