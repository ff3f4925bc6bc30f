import { parsedOrFault } from './protocol.ts';
import { arrayOf, objectOf, RequestFault, stringOf } from './wire-checks.ts';

/** Answers a preempt call: no eviction is vetoed. The answer is always in meta form, whichever form came. */
export function preempt(body: Buffer): Buffer {
  const args = objectOf(parsedOrFault(body), 'the body');
  const key = args.NodeNameToMetaVictims != null ? 'NodeNameToMetaVictims' : 'NodeNameToVictims';
  const uid = key === 'NodeNameToMetaVictims' ? uidOfMeta : uidOfPod;
  const nodes = Object.entries(objectOf(args[key] ?? {}, key)).map(([name, value]) => {
    const path = `${key}["${name}"]`;
    const victims = objectOf(value ?? {}, path);
    const pods = arrayOf(victims.Pods ?? [], `${path}.Pods`).map((pod, at) => ({
      UID: uid(pod, `${path}.Pods[${at}]`),
    }));
    return [name, { Pods: pods, NumPDBViolations: violations(victims.NumPDBViolations, path) }] as const;
  });
  // fromEntries defines own properties, so that a node called __proto__ is a node like any other.
  return Buffer.from(JSON.stringify({ NodeNameToMetaVictims: Object.fromEntries(nodes) }));
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
  throw new RequestFault(`${path}.NumPDBViolations`, 'is not a whole number');
}
