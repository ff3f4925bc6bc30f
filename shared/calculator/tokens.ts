import type { ActivityHour } from '../emissions/activity.ts';
import { emissions } from '../emissions/pricing.ts';
import { type EpochMs, isoTime } from '../grid/units.ts';

/** Energy of a container in an hour, with its price. */
export type PricedEnergy = Pick<ActivityHour, 'container' | 'hour' | 'joules' | 'price'>;

/** Tokens that a model generated in the UTC hour that starts at a time; of one pod where that is known. */
export interface TokenCount {
  readonly model: string;
  /** Undefined: of all pods together. */
  readonly pod: string | undefined;
  readonly hour: EpochMs;
  readonly tokens: number;
}

/** Energy and emissions of a model's tokens; null where nothing is known. Functional unit of SCI for AI: a generated token. */
export interface TokenRow {
  readonly model: string;
  /** Start of the hour; null: all hours. */
  readonly hour: string | null;
  readonly tokens: number;
  readonly joules: number;
  /** What of the energy was used on GPUs; null where none is known. */
  readonly gpu_joules: number | null;
  readonly grams: number | null;
  readonly joules_per_1k_tokens: number | null;
  readonly grams_per_1k_tokens: number | null;
}

/** Rows by model and hour, their totals, and the energy of hours without tokens. */
export interface TokenFigures {
  readonly hours: readonly TokenRow[];
  readonly models: readonly TokenRow[];
  /** All energy over all tokens: what the server used while it waited is in it. */
  readonly total: TokenRow;
  /** Energy of pods and hours without a token: of no model. */
  readonly idle_joules: number;
}

interface Sum {
  tokens: number;
  joules: number;
  gpuJoules: number | undefined;
  grams: number;
  /** Energy whose intensity is not known: it makes the grams unknown. */
  unpricedJoules: number;
}

/**
 * Joins energy with tokens by hour, and by pod where tokens are counted so. Models that share a pod, or all pods where tokens are
 * not counted by pod, share their energy in proportion to their tokens.
 */
export function tokenFigures(energy: readonly PricedEnergy[], counts: readonly TokenCount[]): TokenFigures {
  const byPod = counts.some(({ pod }) => pod !== undefined);
  const keyOf = (hour: EpochMs, pod: string | undefined) => `${hour}/${byPod ? (pod ?? '') : ''}`;
  const used = new Map<string, Sum>();
  for (const hour of energy) addEnergy(sumIn(used, keyOf(hour.hour, hour.container.pod)), hour);
  const hourly = new Map<string, { readonly model: string; readonly hour: EpochMs; readonly sum: Sum }>();
  const models = new Map<string, Sum>();
  const served = new Set<string>();
  for (const [key, group] of Map.groupBy(counts, ({ hour, pod }) => keyOf(hour, pod))) {
    const all = group.reduce((sum, { tokens }) => sum + tokens, 0);
    const energyOf = used.get(key);
    // Tokens without known energy, and energy without tokens, make no figure per token.
    if (energyOf === undefined || !(all > 0)) continue;
    served.add(key);
    for (const { model, hour, tokens } of group) {
      const row = hourly.get(`${model}/${hour}`) ?? { model, hour, sum: emptySum() };
      hourly.set(`${model}/${hour}`, row);
      for (const sum of [row.sum, sumIn(models, model)]) addShare(sum, energyOf, tokens, tokens / all);
    }
  }
  const total = emptySum();
  for (const sum of used.values()) addShare(total, sum, 0, 1);
  for (const sum of models.values()) total.tokens += sum.tokens;
  return {
    hours: [...hourly.values()]
      .sort((a, b) => a.hour - b.hour || (a.model < b.model ? -1 : 1))
      .map(({ model, hour, sum }) => rowOf(model, isoTime(hour), sum)),
    models: [...models].sort(([a], [b]) => (a < b ? -1 : 1)).map(([model, sum]) => rowOf(model, null, sum)),
    total: rowOf('all', null, total),
    idle_joules: [...used].filter(([key]) => !served.has(key)).reduce((sum, [, { joules }]) => sum + joules, 0),
  };
}

function addEnergy(sum: Sum, { container, joules, price }: PricedEnergy): void {
  sum.joules += joules;
  if (container.device === 'gpu') sum.gpuJoules = (sum.gpuJoules ?? 0) + joules;
  if (price === undefined) sum.unpricedJoules += joules;
  else sum.grams += emissions(joules, price.carbonIntensity);
}

function addShare(sum: Sum, of: Sum, tokens: number, share: number): void {
  sum.tokens += tokens;
  sum.joules += of.joules * share;
  if (of.gpuJoules !== undefined) sum.gpuJoules = (sum.gpuJoules ?? 0) + of.gpuJoules * share;
  sum.grams += of.grams * share;
  sum.unpricedJoules += of.unpricedJoules * share;
}

function rowOf(
  model: string,
  hour: string | null,
  { tokens, joules, gpuJoules, grams, unpricedJoules }: Sum,
): TokenRow {
  const known = joules > 0 && unpricedJoules === 0;
  const per1k = (amount: number) => (tokens > 0 ? (amount / tokens) * 1000 : null);
  return {
    ...{ model, hour, tokens, joules, gpu_joules: gpuJoules ?? null, grams: known ? grams : null },
    ...{ joules_per_1k_tokens: per1k(joules), grams_per_1k_tokens: known ? per1k(grams) : null },
  };
}

function sumIn(sums: Map<string, Sum>, key: string): Sum {
  const sum = sums.get(key) ?? emptySum();
  sums.set(key, sum);
  return sum;
}

function emptySum(): Sum {
  return { tokens: 0, joules: 0, gpuJoules: undefined, grams: 0, unpricedJoules: 0 };
}
