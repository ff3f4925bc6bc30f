import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { flatProgram } from '../../cli/flat-program.ts';
import { carbonProgram } from '../../cli/program.ts';
import { run } from './run.ts';

/** Every command of a program by its words, the program itself among them. */
function commandsOf(command: Command, words: readonly string[] = []): string[][] {
  const below = command.commands.flatMap((each) => commandsOf(each, [...words, each.name()]));
  return [[...words], ...below];
}

const pages = [
  ...commandsOf(carbonProgram({})).map((words) => ({ program: 'carbon' as const, words })),
  ...commandsOf(flatProgram({})).map((words) => ({ program: 'co2e-calculator' as const, words })),
];

describe('--help', () => {
  it('is asked of every command', () => {
    expect(pages.length).toBeGreaterThan(25);
  });

  it.each(pages)('of $program $words has examples to copy and the exit codes', async ({ program, words }) => {
    const { code, out, notes } = await run([...words, '--help'], {}, program);

    expect([code, notes]).toEqual([0, '']);
    expect(out).toMatch(new RegExp(`\nExamples:\n(.*\n)*? {2}.*${program}`));
    expect(out).toMatch(/Exit codes: 0 success; 1 .*; 2 [\s\S]*; 3 /);
  });
});
