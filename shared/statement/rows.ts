import { z } from 'zod';
import { type ActivityHour, type ActivitySource, activityHours } from '../emissions/activity.ts';
import type { MachineHour } from '../emissions/machine-hours.ts';
import { BASELINES, type Saving } from '../emissions/savings.ts';
import { QUALITIES } from '../grid/intensity.ts';
import { isoTime } from '../grid/units.ts';
import type { TimeRange } from '../records/power.ts';

const time = z.iso.datetime();
const quality = z.enum(QUALITIES);

/** One record that a statement was made from, as it is hashed and kept: figures as they were used, none rounded. */
export const statementRow = z.discriminatedUnion('row', [
  z.strictObject({
    row: z.literal('energy'),
    hour: time,
    namespace: z.string(),
    pod: z.string(),
    container: z.string(),
    node: z.string(),
    device: z.enum(['cpu', 'gpu']),
    joules: z.number(),
    covered_ms: z.number(),
    power_quality: z.enum(['measured', 'modelled', 'simulated']),
    /** Bounds of modelled power, as factors of the energy. */
    low: z.number(),
    high: z.number(),
    zone: z.string().nullable(),
  }),
  z.strictObject({
    row: z.literal('factor'),
    hour: time,
    zone: z.string(),
    g_per_kwh: z.number(),
    quality,
    source: z.string(),
  }),
  z.strictObject({
    row: z.literal('match'),
    hour: time,
    zone: z.string(),
    /** Part of the zone's electricity that contracts match, and their mean factor. */
    share: z.number(),
    g_per_kwh: z.number(),
    residual_g_per_kwh: z.number().nullable(),
  }),
  z.strictObject({
    row: z.literal('machine'),
    hour: time,
    node: z.string(),
    /** Energy of the building per energy of its machines. */
    pue: z.number().nullable(),
    pue_source: z.string().nullable(),
    /** gCO2e of making the machine for the time of the hour whose power is known. */
    embodied_grams: z.number().nullable(),
    embodied_source: z.string().nullable(),
    /** All that the node used: the making is shared by energy. */
    node_joules: z.number(),
  }),
  z.strictObject({
    row: z.literal('saving'),
    uid: z.string(),
    namespace: z.string(),
    pod: z.string(),
    zone: z.string(),
    baseline: z.enum(BASELINES),
    kwh: z.number(),
    grams: z.number(),
    baseline_grams: z.number(),
    coverage: z.number(),
    marginal_grams: z.number().nullable(),
    marginal_baseline_grams: z.number().nullable(),
  }),
]);

/** One of {@link statementRow}. */
export type StatementRow = z.output<typeof statementRow>;
/** A row of one kind. */
export type RowOf<Kind extends StatementRow['row']> = Extract<StatementRow, { readonly row: Kind }>;

/** The rows of one UTC day, or of the savings of the whole time, which have no day. */
export interface StatementRows {
  /** Such as 2026-11-01; null for savings. */
  readonly day: string | null;
  readonly rows: readonly StatementRow[];
}

/** The text of a row that is hashed and kept: JSON with its fields in the order of the schema. */
export function rowText(row: StatementRow): string {
  const option = statementRow.options.find(({ shape }) => shape.row.value === row.row);
  const fields = Object.keys(option?.shape ?? {});
  const values: Readonly<Record<string, unknown>> = row;
  return JSON.stringify(Object.fromEntries(fields.map((field) => [field, values[field]])));
}

/** What a statement is made from: the hours of a time day by day, then what placed and deferred pods saved. */
export async function* statementRows(
  source: ActivitySource,
  query: { readonly range: TimeRange; readonly namespace?: string | undefined },
  savings: readonly Saving[],
): AsyncIterable<StatementRows> {
  for await (const hours of activityHours(source, query)) {
    const [first] = hours;
    if (first === undefined) continue;
    yield { day: isoTime(first.hour).slice(0, 10), rows: rowsOf(hours) };
  }
  const saved = savings.filter(({ namespace }) => query.namespace === undefined || namespace === query.namespace);
  if (saved.length > 0) yield { day: null, rows: saved.map(savingRow) };
}

function rowsOf(hours: readonly ActivityHour[]): StatementRow[] {
  const rows: StatementRow[] = [];
  const known = new Set<string>();
  for (const { container, hour, joules, coveredMs, zone, price, matched, machine } of hours) {
    const at = isoTime(hour);
    const { namespace, pod, container: name, node, device = 'cpu', powerQuality = 'measured', powerModel } = container;
    rows.push({
      ...{ row: 'energy', hour: at, namespace, pod, container: name, node, device, joules, covered_ms: coveredMs },
      ...{ power_quality: powerQuality, low: powerModel?.low ?? 1, high: powerModel?.high ?? 1, zone },
    });
    if (machine !== undefined && isNew(known, `${node}\0${at}`)) rows.push(...machineRow(at, node, machine));
    if (zone === null || !isNew(known, `${zone} ${at}`)) continue;
    if (price !== undefined) {
      const { carbonIntensity, quality: known, providers, factorTypes = [] } = price;
      rows.push({
        row: 'factor',
        hour: at,
        zone,
        g_per_kwh: carbonIntensity,
        quality: known,
        source: [providers.join(', '), ...factorTypes.map((type) => `(${type})`)].join(' '),
      });
    }
    if (matched === undefined) continue;
    const { share, gramsPerKwh, residual = null } = matched;
    rows.push({ row: 'match', hour: at, zone, share, g_per_kwh: gramsPerKwh, residual_g_per_kwh: residual });
  }
  return rows;
}

/** Adds a text to some; whether it is a new one. */
function isNew(known: Set<string>, text: string): boolean {
  return known.size < known.add(text).size;
}

/** The row of a machine; none where nothing is known of it. */
function machineRow(hour: string, node: string, { pue, embodiedGrams, nodeJoules }: MachineHour): StatementRow[] {
  if (pue === undefined && embodiedGrams === undefined) return [];
  return [
    {
      ...{ row: 'machine', hour, node, pue: pue?.value ?? null, pue_source: pue?.source ?? null },
      ...{ embodied_grams: embodiedGrams?.value ?? null, embodied_source: embodiedGrams?.source ?? null },
      node_joules: nodeJoules,
    },
  ];
}

function savingRow({
  uid,
  namespace,
  pod,
  zone,
  baseline,
  kilowattHours,
  met,
  wouldHaveMet,
  coverage,
  marginal,
}: Saving) {
  return {
    ...{ row: 'saving' as const, uid, namespace, pod, zone, baseline, kwh: kilowattHours },
    ...{ grams: met, baseline_grams: wouldHaveMet, coverage },
    marginal_grams: marginal?.met ?? null,
    marginal_baseline_grams: marginal?.wouldHaveMet ?? null,
  };
}
