import type { Piece } from '../deferral/pieces.ts';
import type { EpochMs } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';
import type { SimulatedJob } from './jobs.ts';

/** When and where a policy starts a job. */
export interface Start {
  readonly start: EpochMs;
  readonly zone: Zone;
  /** When it runs, for work that pauses, restarts included; absent: from the start on, without a pause. */
  readonly pieces?: readonly Piece[];
}

/** Chooses the start of a job; undefined where nothing is known about the zones at its arrival. */
export type Policy = (job: SimulatedJob) => Start | undefined;
