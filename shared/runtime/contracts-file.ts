import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { type Contracts, parseContracts } from '../emissions/contracts.ts';
import { sharedError } from '../errors/shared-errors.ts';

/** Where contracts for electricity are read from. */
export const contractSettings = {
  CONTRACTS_FILE: z
    .string()
    .optional()
    .describe(
      'YAML or JSON file of certificates, PPAs and residual mixes, for market-based emissions: docs/reports.md',
    ),
};

/** The contracts of a file; undefined where none is named. Errors: CONTRACTS_FILE_UNREADABLE, CONTRACTS_FILE_INVALID. */
export function contractsOf(file: string | undefined): Contracts | undefined {
  if (file === undefined) return undefined;
  const parsed = parseContracts(contentOf(file));
  if ('contracts' in parsed) return parsed;
  throw sharedError('CONTRACTS_FILE_INVALID', { file, issues: parsed.join('; ') });
}

function contentOf(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw sharedError('CONTRACTS_FILE_UNREADABLE', {
      file,
      reason: (error as NodeJS.ErrnoException).code ?? 'unknown',
    });
  }
  try {
    // JSON is YAML, so one reader does for both.
    return parse(text);
  } catch (error) {
    const [issues = ''] = (error as Error).message.split('\n');
    throw sharedError('CONTRACTS_FILE_INVALID', { file, issues });
  }
}
