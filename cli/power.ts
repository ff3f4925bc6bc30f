import { Command } from 'commander';
import { HOUR_MS, isoTime } from '../shared/grid/units.ts';
import {
  type ContainerSpan,
  IDLE,
  type PowerCalibration,
  type PowerQuality,
  type ReadableStore,
  SYSTEM,
  UNMETERED,
} from '../shared/records/power.ts';
import type { Environment } from '../shared/runtime/config.ts';
import { cliError } from './errors.ts';
import { examples } from './help.ts';
import type { Io } from './io.ts';
import { cliConfig } from './settings.ts';
import { withHistory } from './stores.ts';
import { type Column, textTable } from './table.ts';

/** What is known of a node's power. */
interface NodePowerRow {
  readonly node: string;
  /** The worst of its containers'. */
  readonly quality: PowerQuality;
  /** The model behind modelled power; null where there is none. */
  readonly model: string | null;
  /** How measured nodes correct the model; null where none do. */
  readonly calibration: {
    readonly factor: number;
    readonly source: string;
    readonly age_hours: number;
    readonly low: number;
    readonly high: number;
  } | null;
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

const QUALITIES: readonly PowerQuality[] = ['measured', 'modelled', 'simulated'];

const COLUMNS: readonly Column<NodePowerRow>[] = [
  { title: 'Node', cell: ({ node }) => node || '(not named)' },
  { title: 'Quality', cell: ({ quality }) => quality },
  { title: 'Model', cell: ({ model }) => model ?? '-' },
  {
    title: 'Calibration',
    cell: ({ calibration }) =>
      calibration === null
        ? '-'
        : `${calibration.factor} (${calibration.low} to ${calibration.high}) by ${calibration.source}, ${calibration.age_hours} h ago`,
  },
  { title: 'Containers', align: 'right', cell: ({ containers }) => String(containers) },
  { title: 'Watts', align: 'right', cell: ({ watts }) => figure(watts) },
  {
    title: '80 % within',
    align: 'right',
    cell: ({ model, watts_low, watts_high }) =>
      model === null ? '-' : `${figure(watts_low)} to ${figure(watts_high)}`,
  },
  { title: 'Idle', align: 'right', cell: ({ idle_share }) => percent(idle_share) },
  { title: 'System', align: 'right', cell: ({ system_share }) => percent(system_share) },
  { title: 'Unmetered', align: 'right', cell: ({ unmetered_share }) => percent(unmetered_share) },
  { title: 'Last (UTC)', cell: ({ last_measurement }) => last_measurement.slice(0, 16).replace('T', ' ') },
];

/** `carbon power`: what is known of the power of each node, and how well. */
export function powerCommand(env: Environment, io: Io): Command {
  return new Command('power')
    .description('Show for each node how its power is known: measured or modelled, by which model, within which bounds')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Watts are the mean of the last two hours, idle energy and processes outside containers included.
${examples('carbon power', `carbon power --json | jq '.[] | select(.quality == "modelled")'`)}`,
    )
    .action(async ({ json }: { readonly json?: boolean }) => {
      const rows = await withHistory(cliConfig(env), (history) => nodeRows(history, io.clock.now()));
      if (rows.length === 0) throw cliError('NO_NODE_POWER', {});
      io.out(json ? `${JSON.stringify(rows, null, 2)}\n` : textTable(COLUMNS, rows));
    });
}

async function nodeRows(history: ReadableStore, now: number): Promise<NodePowerRow[]> {
  const spans = Map.groupBy(await history.containers(), ({ container }) => container.node);
  const energy = await energyByNode(history, now);
  return [...spans].sort(([a], [b]) => (a < b ? -1 : 1)).map(([node, own]) => rowOf(node, own, energy.get(node), now));
}

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
    const sum = nodes.get(container.node) ?? {
      joules: 0,
      low: 0,
      high: 0,
      idle: 0,
      system: 0,
      unmetered: 0,
      coveredMs: new Map(),
    };
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
    calibration: calibration === undefined ? null : shownCalibration(calibration, now),
    containers: current.filter(({ container }) => !container.namespace.startsWith('__') && !container.device).length,
    watts: watts(energy?.joules ?? 0),
    watts_low: watts(energy?.low ?? 0),
    watts_high: watts(energy?.high ?? 0),
    idle_share: share(energy?.idle ?? 0),
    system_share: share(energy?.system ?? 0),
    unmetered_share: share(energy?.unmetered ?? 0),
    last_measurement: isoTime(newest.last),
  };
}

function shownCalibration({ factor, source, at, low, high }: PowerCalibration, now: number) {
  return { factor, source, age_hours: Math.max(0, Math.round((now - at) / HOUR_MS)), low, high };
}

function figure(watts: number | null): string {
  return watts === null ? '-' : watts.toFixed(1);
}

function percent(share: number | null): string {
  return share === null ? '-' : `${(share * 100).toFixed(0)} %`;
}
