import { type Candidates, type NodeView, ownCandidates } from '../placement/candidate-table.ts';
import type { NodeFacts } from '../placement/nodes.ts';
import type { KnownNames } from './known-names.ts';
import type { NameList } from './name-rows.ts';
import { encodeScores } from './score-response.ts';

/** A whole node of a request. */
export interface WireNode extends NodeFacts {
  /** Where the node's JSON starts and ends in the bytes of `Nodes`. */
  readonly start: number;
  readonly end: number;
}

/** The candidates of a request, each once, in the form in which they came. */
export interface WireCandidates {
  readonly form: 'names' | 'objects';
  of(view: NodeView): Candidates;
  /** The prioritize response, by the scores of the candidates in their order. */
  encodeScores(scores: ArrayLike<number>): Buffer;
  /** The value of `NodeNames` or `Nodes` with only those candidates that pass. */
  encodePassing(passes: (node: string) => boolean): Buffer;
}

/** Candidates whose names are known. */
export function knownCandidates(known: KnownNames, list: NameList): WireCandidates {
  let found: Candidates | undefined;
  return {
    form: 'names',
    of(view) {
      found = known.candidates(list, view);
      return found;
    },
    encodeScores: (scores) => encodeScores(list, scores),
    encodePassing: (passes) => encodeNames((found?.nodes() ?? []).map(({ name }) => name).filter(passes)),
  };
}

/** Candidates by names that had to be parsed. */
export function namedCandidates(names: readonly string[]): WireCandidates {
  return {
    form: 'names',
    of: (view) => ownCandidates(names.map((name) => view.candidate({ name }))),
    encodeScores: (scores) => stringifyScores(names, scores),
    encodePassing: (passes) => encodeNames(names.filter(passes)),
  };
}

const COMMA = Buffer.from(',');

/** Candidates as whole nodes, by their places in the bytes of `Nodes`. */
export function wholeCandidates(nodes: readonly WireNode[], bytes: Buffer): WireCandidates {
  return {
    form: 'objects',
    of: (view) => ownCandidates(nodes.map((node) => view.candidate(node))),
    encodeScores: (scores) =>
      stringifyScores(
        nodes.map(({ name }) => name),
        scores,
      ),
    encodePassing(passes) {
      const parts: Buffer[] = [Buffer.from('{"metadata":{},"items":[')];
      for (const { name, start, end } of nodes) {
        if (!passes(name)) continue;
        if (parts.length > 1) parts.push(COMMA);
        parts.push(bytes.subarray(start, end));
      }
      return Buffer.concat([...parts, Buffer.from(']}')]);
    },
  };
}

function encodeNames(names: readonly string[]): Buffer {
  return Buffer.from(JSON.stringify(names));
}

/** kube-scheduler decodes a bare array; one score that is not an integer voids the whole response without a word. */
function stringifyScores(names: readonly string[], scores: ArrayLike<number>): Buffer {
  const hosts = names.map((name, index) => `{"Host":${JSON.stringify(name)},"Score":${scores[index]}}`);
  return Buffer.from(`[${hosts.join(',')}]`);
}
