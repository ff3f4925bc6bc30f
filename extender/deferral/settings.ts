import { z } from 'zod';
import { integer, positive } from '../../shared/runtime/config.ts';
import { readDuration } from '../placement/annotation-values.ts';

/** What the deferral controller does with work that waits behind the gate. */
export const DEFERRAL_MODES = ['on', 'advise', 'off'] as const;

/** Settings of the deferral controller. */
export const deferralSettings = {
  DEFERRAL: z
    .enum(DEFERRAL_MODES)
    .default('off')
    .describe(
      '`on`: gated pods and suspended Jobs wait for their cleanest hour; `advise`: they run at once, and an Event says what waiting would have saved; `off`: the controller does not run, and only the watchdog removes gates',
    ),
  DEFERRAL_PERIOD_SECONDS: positive(300)
    .default(15)
    .describe(
      'Seconds between two reconciliations of the deferral controller; no deadline is missed by more than this',
    ),
  DEFERRAL_DEFAULT_MINUTES: positive(43_200)
    .default(60)
    .describe(
      'Run time in minutes to plan with where `duration` is not given and fewer than three earlier runs are known',
    ),
  BUDGET_MAX_DELAY: z
    .string()
    .transform((text, context) => {
      const read = readDuration(text);
      if ('value' in read) return read.value;
      context.addIssue({ code: 'custom', message: read.problem });
      return z.NEVER;
    })
    .optional()
    .describe(
      'How long work of a namespace that has used up its carbon budget may wait instead of its max-delay (24h), never beyond its deadline; absent: budgets only alert',
    ),
  RELEASE_PER_MINUTE: integer(1, 100_000)
    .default(120)
    .describe('Pods and Jobs released per minute when their hour has come, those with the nearest deadline first'),
  DEFERRAL_SCHEDULERS: z
    .string()
    .default('carbon-aware-scheduler')
    .transform((text) =>
      text
        .split(',')
        .map((name) => name.trim())
        .filter(Boolean),
    )
    .describe(
      'Names of the schedulers that call this extender, separated by commas; pods of other schedulers are expected on any of the nodes that they can use',
    ),
  DEFERRAL_NAMESPACE: z
    .string()
    .min(1)
    .default('carbon-extender')
    .describe('Namespace of the Lease carbon-extender-deferral, by which replicas agree on one controller'),
};
