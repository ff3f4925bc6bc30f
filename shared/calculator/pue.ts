import fleet from '../data/pue.json' with { type: 'json' };
import { csvNumber } from '../grid/csv-lines.ts';
import { calculatorError } from './error.ts';

/** Power usage effectiveness: energy of the whole data centre per energy of its machines, and where the figure is from. */
export interface Pue {
  /** At least 1. */
  readonly value: number;
  readonly source: string;
}

const FLEETS: ReadonlyMap<string, number> = new Map(Object.entries(fleet));

/** Reads a PUE as people give it: a number from 1 to 5, or `auto` for the fleet average of the region's provider. */
export function readPue(text: string, provider: string | undefined): Pue {
  if (text.trim().toLowerCase() === 'auto') {
    const value = provider === undefined ? undefined : FLEETS.get(provider);
    if (value !== undefined) return { value, source: `fleet average of ${provider}` };
    throw calculatorError('PUE_NOT_KNOWN', { providers: [...FLEETS.keys()].join(', ') });
  }
  const value = csvNumber(text) ?? Number.NaN;
  if (value >= 1 && value <= 5) return { value, source: 'given' };
  const nearest = Number.isNaN(value) ? '1.2 or auto' : String(Math.min(Math.max(value, 1), 5));
  throw calculatorError('PUE_INVALID', { value: text, nearest });
}
