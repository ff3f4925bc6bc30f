import type { RecordingStore } from '../../../../shared/store/store.ts';
import { NOON, start, web } from '../start-api.ts';

/** The API over a store (an embedded one of its own unless given, and closed by it) with two hours of energy, labels, an intensity, readings and a budget, for requests of any kind. */
export async function filledApi(recording?: RecordingStore) {
  const api = await start(undefined, undefined, undefined, {}, recording);
  await api.hour(-2, [web, 3_600]);
  await api.hour(-1, [web, 3_600], [{ ...web, pod: 'job-0', node: '' }, 60]);
  await api.store.compact(Date.parse('2026-01-01T11:00:00Z'));
  await api.store.recordLabels?.(
    [{ namespace: web.namespace, pod: web.pod, labels: { app: 'web', team: 'front' } }],
    NOON,
  );
  await api.intensity('DE', -1, 300);
  for (const minute of [10, 20, 30])
    await api.post('/readings', {
      ...{ site_id: 'quay-1', device_id: 'm-1', power_reading: 50 },
      timestamp: `2026-01-01T11:${minute}:00Z`,
    });
  await api.workloads.setBudget({ kind: 'namespace', name: 'shop', per: 'day', grams: 10 });
  return api;
}
