import { z } from 'zod';
import { zoneProblem } from '../grid/known-zones.ts';
import { type EpochMs, type GramsPerKwh, gramsPerKwh, HOUR_MS } from '../grid/units.ts';
import { parseZone, type Zone } from '../grid/zones.ts';

/** Electricity that was bought for a grid zone: by certificates, or by a power purchase agreement (PPA). */
export interface EnergyContract {
  readonly name: string;
  readonly kind: 'certificate' | 'ppa';
  readonly zone: Zone;
  readonly from: EpochMs;
  /** Not included. */
  readonly to: EpochMs;
  /** An amount in kWh for each hour, or for a year, which is spread evenly over its hours. */
  readonly kwh: { readonly per: 'hour' | 'year'; readonly amount: number };
  readonly gramsPerKwh: GramsPerKwh;
}

/** What electricity emits that no contract claims: the factor for what is not matched (GHG Protocol scope 2, market-based). */
export interface ResidualMix {
  readonly zone: Zone;
  readonly from: EpochMs;
  /** Not included. */
  readonly to: EpochMs;
  readonly gramsPerKwh: GramsPerKwh;
  readonly source: string;
}

/** Contracts and residual mixes, as a file has them. */
export interface Contracts {
  readonly contracts: readonly EnergyContract[];
  readonly residualMixes: readonly ResidualMix[];
}

/** What is wrong with a file of contracts, and where in it: such as `contracts`, 0, `zone`; empty: the file as a whole. */
export interface ContractsIssue {
  readonly path: readonly PropertyKey[];
  readonly problem: string;
}

const KWH_PER_MWH = 1000;
const amount = z.number().finite().nonnegative();
const zone = z.string().transform((text, context) => {
  const parsed = parseZone(text);
  if (parsed.kind !== 'malformed') return parsed.zone;
  context.addIssue({ code: 'custom', message: zoneProblem(text) });
  return z.NEVER;
});
/** YAML reads a date without quotes as text; both forms are UTC. */
const instant = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], { error: 'is not a date or a time such as 2026-01-01' })
  .transform((text) => Date.parse(text));
const span = { zone, from: instant, to: instant };

const contract = z
  .strictObject({
    ...span,
    name: z.string().min(1).max(200),
    kind: z.enum(['certificate', 'ppa'], { error: 'is neither certificate nor ppa' }),
    mwh_per_hour: amount.optional(),
    mwh_per_year: amount.optional(),
    grams_per_kwh: amount,
  })
  .refine(({ from, to }) => from < to, { path: ['to'], message: 'is not after from' })
  .refine(({ mwh_per_hour: hour, mwh_per_year: year }) => (hour === undefined) !== (year === undefined), {
    path: ['mwh_per_hour'],
    message: 'and mwh_per_year: exactly one of them is needed',
  });

const residualMix = z
  .strictObject({ ...span, grams_per_kwh: amount, source: z.string().min(1).max(200) })
  .refine(({ from, to }) => from < to, { path: ['to'], message: 'is not after from' });

const file = z.strictObject({
  contracts: z.array(contract).default([]),
  residual_mix: z.array(residualMix).default([]),
});

/** Reads the content of a file of contracts; a list of issues where it is not valid. */
export function parseContracts(content: unknown): Contracts | readonly ContractsIssue[] {
  const parsed = file.safeParse(content ?? {});
  if (!parsed.success) return parsed.error.issues.map(({ path, message }) => ({ path, problem: message }));
  const overlap = overlapping(parsed.data.residual_mix);
  if (overlap !== undefined)
    return [{ path: ['residual_mix'], problem: `${overlap} has two factors for the same time` }];
  return {
    contracts: parsed.data.contracts.map(({ mwh_per_hour, mwh_per_year = 0, grams_per_kwh, ...rest }) => ({
      ...rest,
      kwh:
        mwh_per_hour === undefined
          ? { per: 'year', amount: mwh_per_year * KWH_PER_MWH }
          : { per: 'hour', amount: mwh_per_hour * KWH_PER_MWH },
      gramsPerKwh: gramsPerKwh(grams_per_kwh),
    })),
    residualMixes: parsed.data.residual_mix.map(({ grams_per_kwh, ...rest }) => ({
      ...rest,
      gramsPerKwh: gramsPerKwh(grams_per_kwh),
    })),
  };
}

/** Kilowatt-hours that a contract delivers in the hour that starts at a time: 0 outside its period, a part at its edges. */
export function contractedKwh({ from, to, kwh }: EnergyContract, hour: EpochMs): number {
  const within = Math.min(to, hour + HOUR_MS) - Math.max(from, hour);
  if (within <= 0) return 0;
  const year = new Date(hour).getUTCFullYear();
  const hours = kwh.per === 'hour' ? 1 : (Date.UTC(year + 1, 0, 1) - Date.UTC(year, 0, 1)) / HOUR_MS;
  return ((kwh.amount / hours) * within) / HOUR_MS;
}

/** The first zone with two spans of time that overlap. */
function overlapping(spans: readonly { readonly zone: Zone; readonly from: EpochMs; readonly to: EpochMs }[]) {
  const sorted = [...spans].sort((a, b) => (a.zone < b.zone ? -1 : a.zone > b.zone ? 1 : a.from - b.from));
  return sorted.find(({ zone: own, from }, at) => {
    const before = sorted[at - 1];
    return before !== undefined && before.zone === own && before.to > from;
  })?.zone;
}
