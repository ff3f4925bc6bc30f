import { z } from 'zod';
import { type EpochMs, isoTime, type Watts, watts } from '../grid/units.ts';

/** What the machines of a cluster draw, as it was measured; never changes. */
export interface NodePowerSnapshot {
  readonly writtenAt: EpochMs;
  readonly ttlMs: number;
  /** Watts for one busy core by node: the node's power divided by the cores that were busy. Unmeasured nodes are absent. */
  readonly wattsPerCore: ReadonlyMap<string, Watts>;
}

const documentSchema = z.object({
  schema_version: z.literal(1),
  timestamp: z.iso.datetime({ offset: true }),
  ttl_minutes: z.number().positive(),
  nodes: z.record(z.string(), z.object({ watts_per_busy_core: z.number().positive().finite() })),
});

/** Encodes the file beside the carbon cache that holds the measured power of nodes; written whole, by rename. */
export function encodeNodePower({ writtenAt, ttlMs, wattsPerCore }: NodePowerSnapshot): string {
  const nodes = [...wattsPerCore].map(([node, power]) => [node, { watts_per_busy_core: power }]);
  const document = {
    schema_version: 1,
    timestamp: isoTime(writtenAt),
    ttl_minutes: ttlMs / 60_000,
    nodes: Object.fromEntries(nodes),
  };
  return `${JSON.stringify(document, null, 1)}\n`;
}

/** Reads the file's text; undefined when it is torn, foreign or of another version. */
export function decodeNodePower(text: string): NodePowerSnapshot | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { data } = documentSchema.safeParse(json);
  if (data === undefined) return undefined;
  const measured = Object.entries(data.nodes).map(([node, power]) => [node, watts(power.watts_per_busy_core)] as const);
  return {
    writtenAt: Date.parse(data.timestamp),
    ttlMs: data.ttl_minutes * 60_000,
    wattsPerCore: new Map(measured),
  };
}
