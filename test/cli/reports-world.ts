import { HOUR_MS, JOULES_PER_KWH, joules } from '../../shared/grid/units.ts';
import { zone } from '../../shared/grid/zones.ts';
import { type Container, IDLE } from '../../shared/records/power.ts';
import type { RecordingStore } from '../../shared/store/store.ts';
import { decision } from '../shared/store/decisions-contract.ts';
import { hourOfZone } from './history.ts';

/** The first of 24 hours, which end at noon. */
const FIRST = Date.parse('2026-03-14T12:00:00Z');
const checkout: Container = { namespace: 'shop', pod: 'checkout-7d4b9c6f5-x2k9p', container: 'app', node: 'n1' };
const report: Container = { namespace: 'batch', pod: 'report', container: 'main', node: 'n2' };
const idle: Container = { namespace: IDLE, pod: IDLE, container: IDLE, node: 'n1' };

/** The cluster that docs/reports.md shows: a service in DE all day, and a job in FR that waited for two hours. */
export async function recordReportsWorld({ history, decisions }: RecordingStore): Promise<void> {
  const hours = Array.from({ length: 24 }, (_, at) => FIRST + at * HOUR_MS);
  for (const [at, hour] of hours.entries()) {
    const sample = (container: Container, kwh: number) => ({
      ...{ container, start: hour, end: hour + HOUR_MS, joules: joules(kwh * JOULES_PER_KWH) },
    });
    const samples = [sample(checkout, 0.18), sample(idle, 0.06)];
    if (at === 14 || at === 15) samples.push(sample(report, 0.5));
    await history.append({ target: 'reports', samples });
  }
  await history.record(
    hours.flatMap((hour, at) => [
      hourOfZone('DE', hour, 300 + 10 * at),
      hourOfZone('FR', hour, at < 14 ? 80 : 40),
      { ...hourOfZone('DE', hour, 600), signal: 'marginal' as const },
      { ...hourOfZone('FR', hour, at < 14 ? 450 : 520), signal: 'marginal' as const },
    ]),
  );
  await history.recordLabels?.([{ namespace: 'shop', pod: checkout.pod, labels: { app: 'checkout' } }], FIRST);
  await decisions.recordDecisions([
    {
      ...decision('u1', FIRST + 14 * HOUR_MS),
      ...{ namespace: 'batch', pod: 'report', zone: zone('FR'), candidateZones: 'FR=1', mode: 'enforce' as const },
      ...{ arrivedAt: FIRST + 12 * HOUR_MS, releasedAt: FIRST + 14 * HOUR_MS, latestStart: FIRST + 20 * HOUR_MS },
    },
  ]);
}
