import { z } from 'zod';
import type { EpochMs } from '../grid/units.ts';

/** What machine a node is, as far as Kubernetes or the settings say. */
export interface NodeMachine {
  /** The cloud and the machine type there, such as `aws` and `m5.xlarge`. */
  readonly cloud?: string | undefined;
  readonly instanceType?: string | undefined;
  /** The cloud's region, such as `eu-west-1`. */
  readonly region?: string | undefined;
  /** Microarchitecture of its CPU, such as `Cascade Lake`. */
  readonly family?: string | undefined;
  /** Its CPUs as Kubernetes counts them: hardware threads. */
  readonly vcpus?: number | undefined;
  readonly memoryGb?: number | undefined;
}

/** Remembers what machines nodes are, also of nodes that have left the cluster. */
export interface NodeMachineStore {
  /** Keeps what machines nodes are at a time; the newest counts. Durable when it resolves. */
  recordNodeMachines(machines: ReadonlyMap<string, NodeMachine>, seen: EpochMs): Promise<void>;
  /** What machine each node was last; empty while nothing was ever kept. */
  nodeMachines(): Promise<ReadonlyMap<string, NodeMachine>>;
}

/** A node's machine as adapters keep it: as JSON. */
export interface NodeMachineRow {
  readonly node: string;
  readonly machine: string;
}

const machine = z.object({
  cloud: z.string().optional(),
  instanceType: z.string().optional(),
  region: z.string().optional(),
  family: z.string().optional(),
  vcpus: z.number().optional(),
  memoryGb: z.number().optional(),
});

/** Rows as the machines that they are; one that another version of the program wrote is left out. */
export function machinesOf(rows: Iterable<NodeMachineRow>): ReadonlyMap<string, NodeMachine> {
  const machines = new Map<string, NodeMachine>();
  for (const row of rows) {
    const parsed = machine.safeParse(JSON.parse(row.machine));
    if (parsed.success) machines.set(row.node, parsed.data);
  }
  return machines;
}
