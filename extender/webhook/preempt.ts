import type { PodMetadata } from '../placement/decision-log.ts';
import { parseJsonBody, podOf } from './protocol.ts';
import { arrayOf, InvalidRequestError, objectOf, stringOf } from './wire-checks.ts';

/** Looks up which of some nodes the filter would refuse to a pod. */
export type RefusedOf = (request: { readonly pod: PodMetadata; readonly names: readonly string[] }) => {
  has(node: string): boolean;
};

/**
 * Serves a preempt request: all proposed evictions are accepted but those on nodes that the filter would refuse, where the
 * pod could not run anyway. The response is always in meta form, whichever form came; a node that is left out is vetoed.
 */
export function preempt(body: Buffer, refusedOf: RefusedOf): { readonly body: Buffer; readonly vetoed: number } {
  const args = objectOf(parseJsonBody(body), 'the body');
  const key = args.NodeNameToMetaVictims != null ? 'NodeNameToMetaVictims' : 'NodeNameToVictims';
  const uid = key === 'NodeNameToMetaVictims' ? uidOfMeta : uidOfPod;
  const victimsOf = objectOf(args[key] ?? {}, key);
  const refused = refusedOf({ pod: podOf(args), names: Object.keys(victimsOf) });
  const nodes = Object.entries(victimsOf).map(([name, value]) => {
    const path = `${key}["${name}"]`;
    const victims = objectOf(value ?? {}, path);
    const pods = arrayOf(victims.Pods ?? [], `${path}.Pods`).map((pod, at) => ({
      UID: uid(pod, `${path}.Pods[${at}]`),
    }));
    return [name, { Pods: pods, NumPDBViolations: violations(victims.NumPDBViolations, path) }] as const;
  });
  const accepted = nodes.filter(([name]) => !refused.has(name));
  // fromEntries defines own properties, so that a node named __proto__ is treated like any other.
  const response = Buffer.from(JSON.stringify({ NodeNameToMetaVictims: Object.fromEntries(accepted) }));
  return { body: response, vetoed: nodes.length - accepted.length };
}

function uidOfMeta(pod: unknown, path: string): string {
  return stringOf(objectOf(pod, path).UID, `${path}.UID`);
}

function uidOfPod(pod: unknown, path: string): string {
  const metadata = objectOf(objectOf(pod, path).metadata, `${path}.metadata`);
  return stringOf(metadata.uid, `${path}.metadata.uid`);
}

function violations(value: unknown, path: string): number {
  if (value == null) return 0;
  if (Number.isSafeInteger(value)) return value as number;
  throw new InvalidRequestError(`${path}.NumPDBViolations`, 'is not a whole number');
}
