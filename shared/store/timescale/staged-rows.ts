import { type EpochMs, HOUR_MS } from '../../grid/units.ts';
import type { PowerSample, PowerTick } from '../../records/power.ts';
import { containerKey } from '../../records/power-facts.ts';
import { millijoulesOf } from '../../records/sample-rules.ts';
import type { KnownSeries } from './series.ts';

/** Samples of some ticks as COPY takes them, with the time that they span. */
export interface StagedRows {
  /** Lines of series, start, end (both milliseconds since 1970) and millijoules. */
  readonly text: string;
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** UTC days in which samples end, as the start of each. */
  readonly days: readonly EpochMs[];
}

const DAY_MS = 24 * HOUR_MS;

interface Row {
  readonly start: EpochMs;
  readonly end: EpochMs;
  millijoules: number;
  readonly tick: PowerTick;
}

interface SeriesRows {
  readonly rows: Row[];
  newest: EpochMs;
}

/**
 * Makes rows of ticks, by the rule that a container's time counts once: of samples that overlap the earlier stays. The
 * same interval twice within one tick means two real containers of one name: their energy adds up.
 */
export function stageRows(ticks: readonly PowerTick[], known: ReadonlyMap<string, KnownSeries>): StagedRows {
  const bySeries = new Map<number, SeriesRows>();
  for (const tick of ticks)
    for (const sample of tick.samples) {
      const series = known.get(containerKey(sample.container))?.id;
      if (series === undefined) throw new Error('a container has no number in the database');
      const staged = bySeries.get(series);
      if (staged === undefined) bySeries.set(series, { rows: [rowOf(sample, tick)], newest: sample.end });
      else addRow(staged, sample, tick);
    }
  return linesOf(bySeries);
}

function linesOf(bySeries: ReadonlyMap<number, SeriesRows>): StagedRows {
  const lines: string[] = [];
  const days = new Set<EpochMs>();
  let from = Infinity;
  let to = -Infinity;
  for (const [series, { rows }] of bySeries)
    for (const { start, end, millijoules } of rows) {
      lines.push(`${series}\t${start}\t${end}\t${millijoules}\n`);
      from = Math.min(from, start);
      to = Math.max(to, end);
      days.add(Math.floor(end / DAY_MS) * DAY_MS);
    }
  return { text: lines.join(''), from, to, days: [...days] };
}

function addRow(known: SeriesRows, sample: PowerSample, tick: PowerTick): void {
  const { rows, newest } = known;
  const late = sample.start < newest;
  known.newest = Math.max(newest, sample.end);
  const clash = !late ? undefined : rows.find(({ start, end }) => start < sample.end && sample.start < end);
  if (clash === undefined) rows.push(rowOf(sample, tick));
  else if (clash.tick === tick && clash.start === sample.start && clash.end === sample.end)
    clash.millijoules += millijoulesOf(sample);
}

function rowOf(sample: PowerSample, tick: PowerTick): Row {
  return { start: sample.start, end: sample.end, millijoules: millijoulesOf(sample), tick };
}
