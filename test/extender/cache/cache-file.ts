import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CachedRegion, encodeCarbonCache } from '../../../shared/grid/carbon-cache.ts';
import type { Signal } from '../../../shared/grid/intensity.ts';
import { gramsPerKwh } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';

/** When the documents of the tests are written: what FakeClock starts at. */
export const WRITTEN_AT = Date.parse('2026-01-01T12:00:00Z');

/** The text of a cache document: zone → gCO2eq/kWh. */
export function cacheText(
  intensities: Readonly<Record<string, number>>,
  { at = WRITTEN_AT, ttlMinutes = 10, marginal = [] as readonly string[] } = {},
): string {
  const regions = Object.entries(intensities).map(([code, value]): CachedRegion => {
    const signal: Signal = marginal.includes(code) ? 'marginal' : 'average';
    return {
      zone: zone(code),
      carbonIntensity: gramsPerKwh(value),
      datetime: at,
      fetchedAt: at,
      updatedAt: null,
      createdAt: null,
      emissionFactorType: 'lifecycle',
      isEstimated: false,
      estimationMethod: null,
      provider: 'test',
      signal,
      quality: 'measured',
    };
  });
  return encodeCarbonCache(regions, at, ttlMinutes) ?? '';
}

/** Replaces a file as the poller does: whole, by rename. */
export async function replaceFile(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

/** A folder of its own that is gone when the test ends. */
export async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'carbon-extender-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
