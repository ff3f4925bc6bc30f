import { z } from 'zod';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { watchCollection } from '../kubernetes/collection.ts';
import { ANNOTATION_NAMES, ANNOTATION_PREFIX, type InvalidAnnotation } from './annotations.ts';
import { type NamespaceDefaults, type NamespaceDirectory, readNamespaceDefaults } from './pod-policy.ts';

const namespaceObject = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).nullish() }),
});

/** Follows what the namespaces of a cluster set for their pods. */
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
      logger.warn(
        { code: 'NAMESPACE_ANNOTATIONS_INVALID', namespace, annotations: now.invalid },
        'ignored invalid annotations of a namespace',
      );
    },
    clock,
    logger,
  });
  return {
    of: (namespace) => namespaces.get(namespace),
    [Symbol.asyncDispose]: () => namespaces[Symbol.asyncDispose](),
  };
}

/** Reads the cluster's defaults from one setting: `max-intensity=300; zones=FR,DE; enforce=true`. */
export function readClusterAnnotations(text: string): { annotations: Record<string, string>; issues: string[] } {
  const annotations: Record<string, string> = {};
  const issues: string[] = [];
  for (const part of text.split(';')) {
    if (part.trim() === '') continue;
    const [name = '', ...value] = part.split('=').map((piece) => piece.trim());
    if (value.length === 0) issues.push(`"${part.trim()}" is not name=value`);
    else if (name === 'mode') issues.push('the mode of the cluster is PLACEMENT_MODE');
    else if (!ANNOTATION_NAMES.includes(name))
      issues.push(`"${name}" is not a known annotation; known are ${ANNOTATION_NAMES.join(', ')}`);
    else annotations[`${ANNOTATION_PREFIX}${name}`] = value.join('=');
  }
  return { annotations, issues };
}
