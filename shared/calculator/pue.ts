import fleet from '../data/pue.json' with { type: 'json' };
import { CalculatorError } from './error.ts';

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
    const choices = [...FLEETS.keys()].join(', ');
    throw new CalculatorError(
      'bad-number',
      `--pue auto knows only regions of ${choices}, written as aws/us-east-1; give a number instead`,
    );
  }
  const value = Number(text);
  if (text.trim() !== '' && value >= 1 && value <= 5) return { value, source: 'given' };
  throw new CalculatorError(
    'bad-number',
    `"${text}" is no PUE; the nearest valid choice is ${value < 1 ? '1' : value > 5 ? '5' : '1.2 or auto'}`,
  );
}
