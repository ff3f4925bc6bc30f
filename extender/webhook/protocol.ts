import type { PodMetadata } from '../placement/decision-log.ts';
import { knownCandidates, namedCandidates, type WireCandidates, wholeCandidates } from './candidates.ts';
import { valueBytes } from './json-spans.ts';
import type { KnownNames } from './known-names.ts';
import { ScanError, scanNodes } from './node-scan.ts';
import { arrayOf, InvalidRequestError, objectOf, optionalString, stringMap, stringOf } from './wire-checks.ts';

/** ExtenderArgs of kube-scheduler: a pod and where it may go. */
export interface ExtenderArgs {
  readonly pod: PodMetadata;
  readonly candidates: WireCandidates;
  /** The JSON of `NodeNames` or `Nodes` as it came, to be passed back unchanged. */
  readonly bytes: Buffer;
}

/** Where Go's encoder puts the candidates: all three keys, always in this order, the unused one null. */
const NAMES_START = Buffer.from(',"Nodes":null,"NodeNames":[');
const NAMES_KEY = Buffer.byteLength(',"Nodes":null,"NodeNames":');
const OBJECTS_START = Buffer.from(',"Nodes":{');
const OBJECTS_KEY = Buffer.byteLength(',"Nodes":');
const OBJECTS_END = Buffer.from(',"NodeNames":null}');
const CLOSE = '}'.charCodeAt(0);

/** Reads the body of a filter or prioritize request; throws an InvalidRequestError that names what is wrong. */
export function readExtenderArgs(body: Buffer, known: KnownNames): ExtenderArgs {
  return readAsGoWrites(body, known) ?? readAny(body);
}

/**
 * Takes the pod and the candidates apart at the seam that Go's encoder leaves, so that names that are known need no
 * parsing. Both halves are valid by themselves, so the whole is; where one is not, the seam was not one.
 */
function readAsGoWrites(body: Buffer, known: KnownNames): ExtenderArgs | undefined {
  const parts = seamOf(body);
  if (parts === undefined) return undefined;
  const pod = parsedOrUndefined(`${parts.head.toString('utf8')}}`);
  if (pod === undefined) return undefined;
  const { form, bytes } = parts;
  const candidates = form === 'names' ? readNames(bytes, known) : readNodes(bytes);
  return candidates && { pod: podOf(pod), candidates, bytes };
}

function readNames(bytes: Buffer, known: KnownNames): WireCandidates | undefined {
  const list = known.read(bytes);
  if (list !== undefined) return knownCandidates(known, list);
  const value = parsedOrUndefined(bytes.toString('utf8'));
  return value === undefined ? undefined : namesOf(value);
}

function readNodes(bytes: Buffer): WireCandidates | undefined {
  try {
    return wholeCandidates(scanNodes(bytes), bytes);
  } catch (error) {
    if (error instanceof ScanError) return undefined;
    throw error;
  }
}

function seamOf(body: Buffer): { form: WireCandidates['form']; head: Buffer; bytes: Buffer } | undefined {
  if (body.subarray(-OBJECTS_END.length).equals(OBJECTS_END)) {
    const at = body.indexOf(OBJECTS_START);
    if (at < 0) return undefined;
    const bytes = body.subarray(at + OBJECTS_KEY, -OBJECTS_END.length);
    return { form: 'objects', head: body.subarray(0, at), bytes };
  }
  const at = body.indexOf(NAMES_START);
  if (at < 0 || body.at(-1) !== CLOSE) return undefined;
  return { form: 'names', head: body.subarray(0, at), bytes: body.subarray(at + NAMES_KEY, -1) };
}

/** Any other JSON with the same meaning: other key order, white space, missing keys for null ones. */
function readAny(body: Buffer): ExtenderArgs {
  const args = objectOf(parseJsonBody(body), 'the body');
  const key = args.NodeNames != null ? 'NodeNames' : 'Nodes';
  if (args[key] == null)
    throw new InvalidRequestError('NodeNames', 'is missing, and Nodes too: one of them must be given');
  const bytes = valueBytes(body).get(key) ?? Buffer.from('null');
  const candidates = key === 'NodeNames' ? namesOf(args.NodeNames) : wholeCandidates(scanNodes(bytes), bytes);
  return { pod: podOf(args), candidates, bytes };
}

function namesOf(value: unknown): WireCandidates {
  const names = arrayOf(value, 'NodeNames') as readonly string[];
  for (let at = 0; at < names.length; at++) {
    if (typeof names[at] !== 'string') stringOf(names[at], `NodeNames[${at}]`);
  }
  return namedCandidates([...new Set(names)]);
}

/** Reads the pod of a request; throws an InvalidRequestError that names what is wrong. */
export function podOf(args: unknown): PodMetadata {
  const pod = objectOf((args as Record<string, unknown>).Pod ?? {}, 'Pod');
  const metadata = objectOf(pod.metadata ?? {}, 'Pod.metadata');
  return {
    name: optionalString(metadata.name, 'Pod.metadata.name'),
    namespace: optionalString(metadata.namespace, 'Pod.metadata.namespace'),
    uid: optionalString(metadata.uid, 'Pod.metadata.uid'),
    annotations: stringMap(metadata.annotations, 'Pod.metadata.annotations'),
    ownerReferences: metadata.ownerReferences,
  };
}

/** Parses JSON text; throws an InvalidRequestError when it is not JSON. */
export function parseJsonBody(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new InvalidRequestError('the body', `is not JSON: ${(error as Error).message}`);
  }
}

function parsedOrUndefined(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
