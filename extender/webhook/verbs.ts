import type { ExtenderMetrics } from '../metrics.ts';
import { ownCandidates } from '../placement/candidate-table.ts';
import type { PlacementDecisions, PlacementRequest } from '../placement/decisions.ts';
import { encodeFiltering } from './filter.ts';
import { createKnownNames } from './known-names.ts';
import { preempt } from './preempt.ts';
import { type ExtenderArgs, readExtenderArgs } from './protocol.ts';

/** The response of a verb. */
export interface VerbResponse {
  readonly body: Buffer;
  /** Whether it prefers no node, for want of a signal or by the mode. */
  readonly neutral: boolean;
}

/** Serves one request of kube-scheduler by the bytes of its body; throws an InvalidRequestError for what kube-scheduler cannot have sent. */
export type Verb = (body: Buffer) => VerbResponse;

/** The verbs that kube-scheduler calls, by name. */
export interface Verbs {
  readonly filter: Verb;
  readonly prioritize: Verb;
  readonly preempt: Verb;
}

/** Puts the wire protocol of kube-scheduler's extenders before the decisions. */
export function createVerbs(decisions: PlacementDecisions, metrics: Pick<ExtenderMetrics, 'countVetoes'>): Verbs {
  const names = createKnownNames();
  return {
    filter(body) {
      const args = readExtenderArgs(body, names);
      return { body: encodeFiltering(args, decisions.filter(requestOf(args))), neutral: false };
    },
    prioritize(body) {
      const args = readExtenderArgs(body, names);
      const { scores, neutral } = decisions.prioritize(requestOf(args));
      const given = neutral === undefined ? scores : new Uint8Array(scores.length);
      return { body: args.candidates.encodeScores(given), neutral: neutral !== undefined };
    },
    preempt(body) {
      const response = preempt(body, ({ pod, names }) =>
        decisions.vetoes({ pod, candidates: (view) => ownCandidates(names.map((name) => view.candidate({ name }))) }),
      );
      metrics.countVetoes(response.vetoed);
      return { body: response.body, neutral: false };
    },
  };
}

function requestOf({ pod, candidates }: ExtenderArgs): PlacementRequest {
  return { pod, candidates: (view) => candidates.of(view) };
}
