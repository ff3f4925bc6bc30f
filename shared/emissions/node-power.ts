import { HOUR_MS, isoTime } from '../grid/units.ts';
import {
  type ContainerSpan,
  IDLE,
  type PowerCalibration,
  type PowerQuality,
  type ReadableStore,
  SYSTEM,
  UNMETERED,
} from '../records/power.ts';

/** The correction of a node's model by what is measured. */
export interface NodeCalibration {
  /** Measured energy over modelled energy. */
  readonly factor: number;
  readonly source: PowerCalibration['source'];
  /** Hours since the newest measured hour. */
  readonly age_hours: number;
  /** Spread of the measured hours around it, as factors of the corrected energy. */
  readonly low: number;
  readonly high: number;
}

/** What is known of a node's power. */
export interface NodePowerRow {
  readonly node: string;
  /** The worst of its containers'. */
  readonly quality: PowerQuality;
  /** The model behind modelled power; null where there is none. */
  readonly model: string | null;
  /** How measured nodes correct the model; null where none do. */
  readonly calibration: NodeCalibration | null;
  readonly containers: number;
  /** Mean watts of the last two hours, with bounds; null where no power is known of them. */
  readonly watts: number | null;
  readonly watts_low: number | null;
  readonly watts_high: number | null;
  /** Shares of that energy. */
  readonly idle_share: number | null;
  readonly system_share: number | null;
  readonly unmetered_share: number | null;
  readonly last_measurement: string;
}

const NO_CONTAINERS: ReadonlySet<string> = new Set([IDLE, SYSTEM, UNMETERED]);
const QUALITIES: readonly PowerQuality[] = ['measured', 'modelled', 'simulated'];

/** What is known of the power of each node now, by name. */
export async function nodePowerRows(history: ReadableStore, now: number): Promise<NodePowerRow[]> {
  const spans = Map.groupBy(await history.containers(), ({ container }) => container.node);
  const energy = await energyByNode(history, now);
  return [...spans].sort(([a], [b]) => (a < b ? -1 : 1)).map(([node, own]) => rowOf(node, own, energy.get(node), now));
}

const NOTHING = { joules: 0, low: 0, high: 0, idle: 0, system: 0, unmetered: 0 };

interface NodeEnergy {
  joules: number;
  low: number;
  high: number;
  idle: number;
  system: number;
  unmetered: number;
  /** Milliseconds with power by hour: those of the container that has most. */
  readonly coveredMs: Map<number, number>;
}

async function energyByNode(history: ReadableStore, now: number): Promise<Map<string, NodeEnergy>> {
  const nodes = new Map<string, NodeEnergy>();
  for await (const { container, hour, joules, coveredMs } of history.hourly({}, { from: now - 2 * HOUR_MS, to: now })) {
    const sum = nodes.get(container.node) ?? { ...NOTHING, coveredMs: new Map() };
    nodes.set(container.node, sum);
    sum.joules += joules;
    sum.low += joules * (container.powerModel?.low ?? 1);
    sum.high += joules * (container.powerModel?.high ?? 1);
    if (container.namespace === IDLE) sum.idle += joules;
    if (container.namespace === SYSTEM) sum.system += joules;
    if (container.namespace === UNMETERED) sum.unmetered += joules;
    sum.coveredMs.set(hour, Math.max(sum.coveredMs.get(hour) ?? 0, coveredMs));
  }
  return nodes;
}

function rowOf(
  node: string,
  spans: readonly ContainerSpan[],
  energy: NodeEnergy | undefined,
  now: number,
): NodePowerRow {
  const newest = spans.reduce((one, other) => (other.last > one.last ? other : one));
  // What a node had long ago says nothing about how it is known now.
  const current = spans.filter(({ last }) => last > newest.last - HOUR_MS);
  const worst = Math.max(...current.map(({ container }) => QUALITIES.indexOf(container.powerQuality ?? 'measured')));
  const models = new Set(current.flatMap(({ container }) => container.powerModel?.name ?? []));
  const calibration = current.flatMap(({ container }) => container.powerModel?.calibration ?? [])[0];
  const coveredMs = [...(energy?.coveredMs.values() ?? [])].reduce((sum, ms) => sum + ms, 0);
  const watts = (joules: number) => (coveredMs > 0 ? (joules / coveredMs) * 1000 : null);
  const share = (joules: number) => (energy && energy.joules > 0 ? joules / energy.joules : null);
  return {
    node,
    quality: QUALITIES[worst] ?? 'measured',
    model: models.size > 0 ? [...models].sort().join(', ') : null,
    calibration: calibration === undefined ? null : calibrationOf(calibration, now),
    containers: current.filter(({ container }) => !NO_CONTAINERS.has(container.namespace) && !container.device).length,
    watts: watts(energy?.joules ?? 0),
    watts_low: watts(energy?.low ?? 0),
    watts_high: watts(energy?.high ?? 0),
    idle_share: share(energy?.idle ?? 0),
    system_share: share(energy?.system ?? 0),
    unmetered_share: share(energy?.unmetered ?? 0),
    last_measurement: isoTime(newest.last),
  };
}

function calibrationOf({ factor, source, at, low, high }: PowerCalibration, now: number): NodeCalibration {
  return { factor, source, age_hours: Math.max(0, Math.round((now - at) / HOUR_MS)), low, high };
}
