import { z } from 'zod';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { watchCollection } from '../kubernetes/collection.ts';
import { ANNOTATION_NAMES, ANNOTATION_PREFIX, type InvalidAnnotation } from './annotations.ts';
import {
  MODE_ANNOTATION,
  type NamespaceDefaults,
  type NamespaceDirectory,
  readNamespaceDefaults,
} from './pod-policy.ts';

const namespaceObject = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).nullish() }),
});

/** Follows what the namespaces of a cluster say for their pods. */
export function watchNamespaces(
  client: KubernetesClient,
  {
    clock,
    logger,
    onIgnored,
  }: { clock: Clock; logger: Logger; onIgnored: (annotations: readonly InvalidAnnotation[]) => void },
): NamespaceDirectory & AsyncDisposable {
  const namespaces = watchCollection<NamespaceDefaults>({
    client,
    path: '/api/v1/namespaces',
    keep(object) {
      const annotations = namespaceObject.parse(object).metadata.annotations ?? undefined;
      const { preferences, invalid, mode } = readNamespaceDefaults(annotations);
      const silent = mode === undefined && invalid.length === 0 && Object.keys(preferences).length === 0;
      return silent ? undefined : { preferences, invalid, mode };
    },
    onChange(namespace, now, before) {
      if (!now?.invalid.length || JSON.stringify(now.invalid) === JSON.stringify(before?.invalid)) return;
      onIgnored(now.invalid);
      logger.warn({ namespace, annotations: now.invalid }, 'annotations of a namespace cannot be read and are ignored');
    },
    clock,
    logger,
  });
  return {
    of: (namespace) => namespaces.get(namespace),
    [Symbol.asyncDispose]: () => namespaces[Symbol.asyncDispose](),
  };
}

/** Reads the cluster's defaults from one setting: `max-intensity=300; zones=FR,DE; enforce=true; mode=advise`. */
export function readClusterAnnotations(text: string): { annotations: Record<string, string>; faults: string[] } {
  const annotations: Record<string, string> = {};
  const faults: string[] = [];
  for (const part of text.split(';')) {
    if (part.trim() === '') continue;
    const [name = '', ...value] = part.split('=');
    const known = name.trim() === 'mode' || ANNOTATION_NAMES.includes(name.trim());
    if (value.length === 0) faults.push(`"${part.trim()}" is not name=value`);
    else if (!known) faults.push(`"${name.trim()}" is no preference; there are ${ANNOTATION_NAMES.join(', ')}`);
    else annotations[`${ANNOTATION_PREFIX}${name.trim()}`] = value.join('=').trim();
  }
  if (MODE_ANNOTATION in annotations) faults.push('the mode of the cluster is PLACEMENT_MODE');
  return { annotations, faults };
}
