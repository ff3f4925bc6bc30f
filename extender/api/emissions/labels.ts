import type { PowerReader } from '../../../shared/records/power.ts';
import type { LabelsOf } from './naming.ts';

/** Looks up pods' recorded labels; resolves to undefined while none are recorded. */
export function podLabels(store: PowerReader): () => Promise<LabelsOf | undefined> {
  return async () => {
    const pods = await store.podLabels?.();
    if (pods === undefined) return undefined;
    const byPod = new Map(pods.map(({ namespace, pod, labels }) => [`${namespace}/${pod}`, labels]));
    return ({ namespace, pod }) => byPod.get(`${namespace}/${pod}`);
  };
}
