import { z } from 'zod';
import { selectorExpression } from './label-selector.ts';

const term = z.object({
  matchExpressions: z.array(selectorExpression).nullish(),
  matchFields: z.array(selectorExpression).nullish(),
});

/** Terms of a node selector: a node matches when it matches one of them. */
export const nodeSelectorTerms = z.object({ nodeSelectorTerms: z.array(term) });

/** One term of a node selector: all of its expressions must hold. */
export type NodeSelectorTerm = z.output<typeof term>;
