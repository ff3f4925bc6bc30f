import { readFileSync } from 'node:fs';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
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
  const lines = new LineCounter();
  // JSON is YAML, so one reader does for both.
  const document = parseDocument(textOf(file), { lineCounter: lines });
  const [error] = document.errors;
  if (error !== undefined) throw invalid(file, error.message);
  const parsed = parseContracts(contentOf(document, file));
  if ('contracts' in parsed) return parsed;
  throw invalid(file, parsed.map(({ path, problem }) => `${placeOf(document, lines, path)}: ${problem}`).join('; '));
}

function invalid(file: string, issues: string): Error {
  const [first = ''] = issues.split('\n');
  return sharedError('CONTRACTS_FILE_INVALID', { file, issues: first });
}

/** A place as people find it: `contracts.0.name (line 2)`; what is missing has the line of what it is missing from. */
function placeOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): string {
  let range: readonly number[] | null | undefined;
  for (let length = path.length; range == null && length >= 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node)) range = node.range;
  }
  const name = path.map(String).join('.') || 'file';
  return range?.[0] === undefined ? name : `${name} (line ${lines.linePos(range[0]).line})`;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw sharedError('CONTRACTS_FILE_UNREADABLE', {
      file,
      reason: (error as NodeJS.ErrnoException).code ?? 'unknown',
    });
  }
}

function contentOf(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // Such as aliases that would become a document of gigabytes.
    throw invalid(file, (error as Error).message);
  }
}
