import { valueBytes } from './json-spans.ts';
import { ScanError, scanNodes } from './node-scan.ts';
import { arrayOf, InvalidRequestError, objectOf, optionalString, stringMap, stringOf } from './wire-checks.ts';

/** A node that the pod may be placed on, with what its own object tells about where it stands. */
export interface CandidateNode {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly providerId?: string | undefined;
  /** Where the node's JSON starts and ends in the bytes of `Nodes`. */
  readonly start: number;
  readonly end: number;
}

/**
 * The candidates of a request, each once. The same object is handed out for the same candidates, so what is worked out
 * for it can be kept with it.
 */
export type Candidates =
  | { readonly form: 'names'; readonly names: readonly string[] }
  | { readonly form: 'objects'; readonly nodes: readonly CandidateNode[] };

/** A pod as kube-scheduler sends it, in so far as this program reads it. */
export interface WirePod {
  readonly metadata?: {
    readonly name?: string | undefined;
    readonly namespace?: string | undefined;
    readonly uid?: string | undefined;
    readonly annotations?: Readonly<Record<string, string>> | undefined;
    readonly ownerReferences?: unknown;
  };
}

/** ExtenderArgs of kube-scheduler: a pod and where it may go. */
export interface ExtenderArgs {
  readonly pod: WirePod;
  readonly candidates: Candidates;
  /** The JSON of `NodeNames` or `Nodes` as it came, to be passed back unchanged. */
  readonly bytes: Buffer;
}

/** Keeps candidates, and finds them again by the JSON of `NodeNames` or `Nodes`. */
export interface CandidateMemory {
  /** Candidates with the same JSON, or with the same names in another order. */
  recall(bytes: Buffer): Candidates | undefined;
  keep(bytes: Buffer, candidates: Candidates): void;
}

/** Where Go's encoder puts the candidates: all three keys, always in this order, the unused one null. */
const NAMES_START = Buffer.from(',"Nodes":null,"NodeNames":[');
const NAMES_KEY = Buffer.byteLength(',"Nodes":null,"NodeNames":');
const OBJECTS_START = Buffer.from(',"Nodes":{');
const OBJECTS_KEY = Buffer.byteLength(',"Nodes":');
const OBJECTS_END = Buffer.from(',"NodeNames":null}');
const CLOSE = '}'.charCodeAt(0);

/** Reads the body of a filter or prioritize call; throws a InvalidRequestError that names what is wrong. */
export function readExtenderArgs(body: Buffer, memory: CandidateMemory): ExtenderArgs {
  return readAsGoWrites(body, memory) ?? readAny(body);
}

/**
 * Takes the pod and the candidates apart at the seam that Go's encoder leaves, so that candidates that are known
 * need no parsing. Both halves are valid by themselves, so the whole is; where one is not, the seam was not one.
 */
function readAsGoWrites(body: Buffer, memory: CandidateMemory): ExtenderArgs | undefined {
  const parts = seamOf(body);
  if (parts === undefined) return undefined;
  const { form, head, bytes } = parts;
  const pod = parsedOrUndefined(`${head.toString('utf8')}}`);
  if (pod === undefined) return undefined;
  const known = memory.recall(bytes);
  if (known?.form === form) return { pod: podOf(pod), candidates: known, bytes };
  const candidates = candidatesOf(form, bytes);
  if (candidates === undefined) return undefined;
  memory.keep(bytes, candidates);
  return { pod: podOf(pod), candidates, bytes };
}

function candidatesOf(form: Candidates['form'], bytes: Buffer): Candidates | undefined {
  if (form === 'objects') return scannedOrUndefined(bytes);
  const value = parsedOrUndefined(bytes.toString('utf8'));
  return value === undefined ? undefined : namesOf(value);
}

function scannedOrUndefined(bytes: Buffer): Candidates | undefined {
  try {
    return { form: 'objects', nodes: scanNodes(bytes) };
  } catch (error) {
    if (error instanceof ScanError) return undefined;
    throw error;
  }
}

function seamOf(body: Buffer): { form: Candidates['form']; head: Buffer; bytes: Buffer } | undefined {
  if (body.subarray(-OBJECTS_END.length).equals(OBJECTS_END)) {
    const at = body.indexOf(OBJECTS_START);
    if (at < 0) return undefined;
    const bytes = body.subarray(at + OBJECTS_KEY, -OBJECTS_END.length);
    return { form: 'objects', head: body.subarray(0, at), bytes };
  }
  const at = body.lastIndexOf(NAMES_START);
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
  const candidates: Candidates =
    key === 'NodeNames' ? namesOf(args.NodeNames) : { form: 'objects', nodes: scanNodes(bytes) };
  return { pod: podOf(args), candidates, bytes };
}

function namesOf(value: unknown): Candidates {
  const names = arrayOf(value, 'NodeNames') as readonly string[];
  for (let at = 0; at < names.length; at++) {
    if (typeof names[at] !== 'string') stringOf(names[at], `NodeNames[${at}]`);
  }
  return { form: 'names', names: [...new Set(names)] };
}

/** Reads the pod of a call; throws a InvalidRequestError that names what is wrong. */
export function podOf(args: unknown): WirePod {
  const pod = objectOf((args as Record<string, unknown>).Pod ?? {}, 'Pod');
  const metadata = objectOf(pod.metadata ?? {}, 'Pod.metadata');
  return {
    metadata: {
      name: optionalString(metadata.name, 'Pod.metadata.name'),
      namespace: optionalString(metadata.namespace, 'Pod.metadata.namespace'),
      uid: optionalString(metadata.uid, 'Pod.metadata.uid'),
      annotations: stringMap(metadata.annotations, 'Pod.metadata.annotations'),
      ownerReferences: metadata.ownerReferences,
    },
  };
}

/** Parses JSON text; throws a InvalidRequestError when it is none. */
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
