import { grams, isoTime } from '../grid/units.ts';
import type { TimeRange } from '../records/power.ts';
import type { SavedWorkload } from '../records/workloads.ts';
import { type Attribution, attribute } from './attribution.ts';
import { type Equivalent, equivalents } from './equivalences.ts';
import { gramsPerThousand } from './formula.ts';
import { periodBefore } from './period.ts';

/** Sums over records. Intensity is the mean weighted by energy; min and max are over all hours that were used. */
export interface ReportSums {
  readonly requests: number;
  readonly total_kWh: number;
  readonly total_gCO2e: number;
  readonly gCO2e_per_1k_requests: number;
  readonly avg_gCO2_per_kWh: number;
  readonly min_gCO2_per_kWh: number;
  readonly max_gCO2_per_kWh: number;
  readonly quality: string;
  readonly source: string;
}

/** One service in one region. */
export interface ReportRow extends ReportSums {
  readonly service: string;
  readonly region: string;
  /** Part of the period that records cover, 0..1. */
  readonly coverage: number;
}

/** One region, compared with the cleanest of the report. */
export interface RegionRow extends ReportSums {
  readonly region: string;
  /** Percent above the lowest mean intensity of the report's regions. */
  readonly percent_above_cleanest: number;
}

/** Emissions of a period from saved records. */
export interface Report {
  readonly period: { readonly from: string; readonly to: string };
  readonly rows: readonly ReportRow[];
  readonly totals: ReportSums;
  /** Cleanest first. */
  readonly regions: readonly RegionRow[];
  /** The period of the same length before; null when nothing is recorded of it. */
  readonly before: ReportSums | null;
  /** Change of emissions against the period before in percent; null without one. */
  readonly change_percent: number | null;
  readonly equivalents: readonly Equivalent[];
  readonly notes: readonly string[];
}

/** Reports on a period from records that overlap it or the one before; undefined when none overlaps it. */
export function reportOn(records: readonly SavedWorkload[], period: TimeRange): Report | undefined {
  const now = attributions(records, period);
  if (now.length === 0) return undefined;
  const before = attributions(records, periodBefore(period));
  const totals = sum(now);
  const earlier = before.length > 0 ? sum(before) : null;
  return {
    period: { from: isoTime(period.from), to: isoTime(period.to) },
    rows: now.map((part) => ({
      service: part.service,
      region: part.region,
      ...sum([part]),
      coverage: part.coveredMs / (period.to - period.from),
    })),
    totals,
    regions: compareRegions(now),
    before: earlier,
    change_percent: earlier && earlier.total_gCO2e > 0 ? (totals.total_gCO2e / earlier.total_gCO2e - 1) * 100 : null,
    equivalents: equivalents(grams(totals.total_gCO2e)),
    notes: notesOn(now, period),
  };
}

interface Part extends Attribution {
  readonly service: string;
  readonly region: string;
}

function attributions(records: readonly SavedWorkload[], period: TimeRange): Part[] {
  const groups = Map.groupBy(records, ({ service_name, region }) => JSON.stringify([service_name, region]));
  const parts: Part[] = [];
  for (const group of groups.values()) {
    const [first] = group;
    const attribution = attribute(group, period);
    if (first && attribution.counted.length > 0)
      parts.push({ service: first.service_name, region: first.region, ...attribution });
  }
  return parts.sort((a, b) => compare(a.service, b.service) || compare(a.region, b.region));
}

function sum(parts: readonly Part[]): ReportSums {
  let [requests, kWh, emitted] = [0, 0, 0];
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const qualities = new Set<string>();
  const sources = new Set<string>();
  for (const { record, share } of parts.flatMap(({ counted }) => counted)) {
    requests += record.request_count * share;
    kWh += record.total_kWh * share;
    emitted += record.total_gCO2e * share;
    min = Math.min(min, record.min_grid_gCO2_per_kWh);
    max = Math.max(max, record.max_grid_gCO2_per_kWh);
    for (const quality of listed(record.assumptions.intensity_quality)) qualities.add(quality);
    for (const source of listed(record.assumptions.intensity_source)) sources.add(source);
  }
  return {
    requests,
    total_kWh: kWh,
    total_gCO2e: emitted,
    gCO2e_per_1k_requests: gramsPerThousand(emitted, requests),
    avg_gCO2_per_kWh: emitted / kWh,
    min_gCO2_per_kWh: min,
    max_gCO2_per_kWh: max,
    quality: [...qualities].sort().join(' + '),
    source: [...sources].sort().join(' + '),
  };
}

function listed(value: unknown): string[] {
  return typeof value === 'string' ? value.split(' + ') : ['unknown'];
}

function compareRegions(parts: readonly Part[]): RegionRow[] {
  const sums = [...Map.groupBy(parts, ({ region }) => region)]
    .map(([region, group]) => ({ region, ...sum(group) }))
    .sort((a, b) => a.avg_gCO2_per_kWh - b.avg_gCO2_per_kWh || compare(a.region, b.region));
  const cleanest = sums[0]?.avg_gCO2_per_kWh ?? 0;
  return sums.map((row) => ({
    ...row,
    percent_above_cleanest: cleanest > 0 ? (row.avg_gCO2_per_kWh / cleanest - 1) * 100 : 0,
  }));
}

function notesOn(parts: readonly Part[], period: TimeRange): string[] {
  const counted = parts.flatMap((part) => part.counted);
  const notes: string[] = [];
  const beyond = counted.filter(({ record }) => record.period_start < period.from || record.period_end > period.to);
  if (beyond.length > 0)
    notes.push(
      beyond.length === 1
        ? '1 record extends beyond the period; only the part within the period is counted'
        : `${beyond.length} records extend beyond the period; only the parts within the period are counted`,
    );
  const overlapping = parts
    .filter(({ overlapMs }) => overlapMs > 0)
    .map(({ service, region }) => `${service} in ${region}`);
  if (overlapping.length > 0)
    notes.push(
      `records of ${overlapping.join(', ')} overlap: each moment is counted once, from the record with the shortest period`,
    );
  return notes;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
