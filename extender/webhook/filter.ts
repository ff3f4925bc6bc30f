import type { Filtering } from '../placement/decisions.ts';
import type { ExtenderArgs } from './protocol.ts';

const OPENING = { names: Buffer.from('{"NodeNames":'), objects: Buffer.from('{"Nodes":') };
const CLOSING = Buffer.from('}');

/**
 * The filter response, in the form in which the request came; candidates that pass are passed back in the very bytes in
 * which they came. Refused nodes go to FailedAndUnresolvableNodes: evicting other pods would not make their grid cleaner.
 */
export function encodeFiltering({ candidates, bytes }: ExtenderArgs, { refused, enforced }: Filtering): Buffer {
  const opening = OPENING[candidates.form];
  if (refused.size === 0 || !enforced) return Buffer.concat([opening, bytes, CLOSING]);
  const failed = Object.fromEntries([...refused].map(([name, { text }]) => [name, text]));
  const tail = Buffer.from(`,"FailedAndUnresolvableNodes":${JSON.stringify(failed)}}`);
  return Buffer.concat([opening, candidates.encodePassing((node) => !refused.has(node)), tail]);
}
