import { parseJsonBody, podOf, type WirePod } from './protocol.ts';
import { arrayOf, InvalidRequestError, objectOf, stringOf } from './wire-checks.ts';

/** Which of some nodes the filter would refuse to a pod. */
export type RefusedOf = (pod: WirePod, nodes: readonly string[]) => { has(node: string): boolean };

/**
 * Answers a preempt call: evictions stand, but for nodes that the filter would refuse, because the pod would not run
 * there for all that. The answer is always in meta form, whichever form came; a node that is left out is vetoed.
 */
export function preempt(body: Buffer, refusedOf: RefusedOf): { readonly answer: Buffer; readonly vetoed: number } {
  const args = objectOf(parseJsonBody(body), 'the body');
  const key = args.NodeNameToMetaVictims != null ? 'NodeNameToMetaVictims' : 'NodeNameToVictims';
  const uid = key === 'NodeNameToMetaVictims' ? uidOfMeta : uidOfPod;
  const victimsOf = objectOf(args[key] ?? {}, key);
  const refused = refusedOf(podOf(args), Object.keys(victimsOf));
  const nodes = Object.entries(victimsOf).map(([name, value]) => {
    const path = `${key}["${name}"]`;
    const victims = objectOf(value ?? {}, path);
    const pods = arrayOf(victims.Pods ?? [], `${path}.Pods`).map((pod, at) => ({
      UID: uid(pod, `${path}.Pods[${at}]`),
    }));
    return [name, { Pods: pods, NumPDBViolations: violations(victims.NumPDBViolations, path) }] as const;
  });
  const stand = nodes.filter(([name]) => !refused.has(name));
  // fromEntries defines own properties, so that a node called __proto__ is a node like any other.
  const answer = Buffer.from(JSON.stringify({ NodeNameToMetaVictims: Object.fromEntries(stand) }));
  return { answer, vetoed: nodes.length - stand.length };
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
