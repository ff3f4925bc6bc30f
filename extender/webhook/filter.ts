import type { CandidateTable } from '../placement/candidate-table.ts';
import { type Violation, violations, type ZoneHistory } from '../placement/constraints.ts';
import type { PodPolicy } from '../placement/pod-policy.ts';
import type { ExtenderArgs } from './protocol.ts';

const OPENING = { names: Buffer.from('{"NodeNames":'), objects: Buffer.from('{"Nodes":') };
const CLOSING = Buffer.from('}');
const COMMA = Buffer.from(',');

/** The answer to a filter call, and what each refused node was refused for. */
export interface Filtered {
  readonly body: Buffer;
  /** By node; with `advise` those that would have been refused, all of which pass. */
  readonly refused: ReadonlyMap<string, Violation>;
}

const NOBODY: ReadonlyMap<string, Violation> = new Map();

/** Which candidates a filter call refuses, and why. */
export function refusals(
  field: CandidateTable,
  { mode, preferences }: PodPolicy,
  history: ZoneHistory,
): ReadonlyMap<string, Violation> {
  if (mode === 'off') return NOBODY;
  const refused = new Map<string, Violation>();
  for (const [at, violation] of violations(field, preferences, history).entries())
    if (violation?.forbids) refused.set(field.names[at] as string, violation);
  return refused;
}

/**
 * Answers a filter call in the form in which it came. What passes is passed back in the very bytes in which it came.
 * Refused nodes go to FailedAndUnresolvableNodes: evicting other pods would not make their grid any cleaner.
 */
export function filter(args: ExtenderArgs, field: CandidateTable, policy: PodPolicy, history: ZoneHistory): Filtered {
  const refused = refusals(field, policy, history);
  const { candidates, bytes } = args;
  if (refused.size === 0 || policy.mode !== 'enforce')
    return { body: Buffer.concat([OPENING[candidates.form], bytes, CLOSING]), refused };
  const failed = JSON.stringify(Object.fromEntries([...refused].map(([name, { text }]) => [name, text])));
  const tail = Buffer.from(`,"FailedAndUnresolvableNodes":${failed}}`);
  if (candidates.form === 'names') {
    const passed = candidates.names.filter((name) => !refused.has(name));
    return { body: Buffer.concat([OPENING.names, Buffer.from(JSON.stringify(passed)), tail]), refused };
  }
  const parts: Buffer[] = [Buffer.from('{"Nodes":{"metadata":{},"items":[')];
  for (const { name, start, end } of candidates.nodes) {
    if (refused.has(name)) continue;
    if (parts.length > 1) parts.push(COMMA);
    parts.push(bytes.subarray(start, end));
  }
  return { body: Buffer.concat([...parts, Buffer.from(']}'), tail]), refused };
}
