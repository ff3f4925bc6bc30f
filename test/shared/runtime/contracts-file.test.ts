import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contractsOf } from '../../../shared/runtime/contracts-file.ts';
import { temporaryFolder } from '../../cli/run.ts';

/** The error of a file with some text. */
function errorOf(text: string | Uint8Array): { code: string; message: string } {
  using folder = temporaryFolder();
  const file = join(folder.path, 'contracts.yaml');
  writeFileSync(file, text);
  try {
    contractsOf(file);
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error('the file was read');
}

describe('a file of contracts that is not valid', () => {
  it.each([
    ['a value', 'contracts:\n  - name: wind\n    kind: ppa\n    zone: DK_1\n', 'contracts.0.zone (line 4): '],
    ['what is missing, by what lacks it', '# ours\ncontracts:\n  - { zone: DE }\n', 'contracts.0.name (line 3): '],
    ['JSON', '{"contracts": [\n  {"name": 5}\n]}', 'contracts.0.name (line 2): '],
    ['a key that is not known', 'contracts: []\nresidual_mixes: []\n', 'file (line 1): '],
    ['a list instead of a mapping', '- 1\n', 'file (line 1): '],
    ['a text', 'hello', 'file (line 1): '],
    ['syntax', 'contracts:\n  - { name: wind\n', 'line 3'],
    ['a key twice', 'contracts: []\ncontracts: []\n', 'line 2'],
  ])('names the line of %s', (_what, text, place) => {
    expect(errorOf(text)).toMatchObject({ code: 'CONTRACTS_FILE_INVALID', message: expect.stringContaining(place) });
  });

  it('is refused for aliases that would become a huge document', () => {
    const levels = Array.from({ length: 12 }, (_, at) => `l${at + 1}: &l${at + 1} [${`*l${at}, `.repeat(9)}*l${at}]`);

    expect(errorOf(`l0: &l0 [x]\n${levels.join('\n')}\n`)).toMatchObject({ code: 'CONTRACTS_FILE_INVALID' });
  });

  it('is refused for bytes that are no text', () => {
    expect(errorOf(Uint8Array.of(0xff, 0xfe, 0, 1, 2)).code).toBe('CONTRACTS_FILE_INVALID');
  });
});
