import { z } from 'zod';

/** What is known of incidents of the grid data: which are open, and which alerts still have to be sent. */
export const alertStateSchema = z.object({
  /** Since when each incident is open, in milliseconds since 1970. */
  open: z.record(z.string(), z.number()),
  /** When each zone last had a fresh value. */
  seen: z.record(z.string(), z.number()),
  /** Time of the newest value of each zone and provider. */
  newest: z.record(z.string(), z.number()).default({}),
  /** Rounds in a row without any reading. */
  failed_rounds: z.int().nonnegative(),
  /** Messages that were not delivered yet, oldest first. */
  waiting: z.array(z.string()),
});

/** The state of alerts, as it outlives the process. */
export type AlertState = z.output<typeof alertStateSchema>;

/** Remembers the state of alerts for the process that comes next. */
export interface AlertMemory {
  /** Undefined while nothing was ever kept. */
  load(): Promise<AlertState | undefined>;
  /** Durable when it resolves. */
  save(state: AlertState): Promise<void>;
}
