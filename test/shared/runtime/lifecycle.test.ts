// Flow: how a process ends after a signal, in processes of their own.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { spawn } from '../../children.ts';

const LIFECYCLE = new URL('../../../shared/runtime/lifecycle.ts', import.meta.url).href;

/** Runs a program with a stop limit of 300 ms, and resolves when it has written its first line. */
async function started(start: string): Promise<ChildProcess> {
  const program = `import { runUntilSignal } from ${JSON.stringify(LIFECYCLE)};
    const ready = () => process.stdout.write('ready\\n');
    setInterval(() => undefined, 1_000);
    await runUntilSignal(${start}, 300);
    process.stdout.write('disposed\\n');`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
  return child;
}

const NEVER = 'new Promise(() => undefined)';

describe('a process that gets a signal', () => {
  it.each([
    ['while it still starts, and never would', `() => { ready(); return ${NEVER}; }`, 1],
    [
      'and never finishes its disposal',
      `async () => { ready(); return { [Symbol.asyncDispose]: () => ${NEVER} }; }`,
      1,
    ],
    [
      'and is disposed, but has timers left',
      'async () => { ready(); return { async [Symbol.asyncDispose]() {} }; }',
      0,
    ],
  ])('%s ends by itself', async (_, start, code) => {
    const child = await started(start);

    child.kill('SIGTERM');
    const exit = await once(child, 'exit');

    expect(exit).toEqual([code, null]);
  });

  it('ends at once at the second', async () => {
    const child = await started(`async () => { ready(); return { [Symbol.asyncDispose]: () => {
      process.stdout.write('stopping\\n'); return ${NEVER}; } }; }`);
    child.kill('SIGINT');
    await once(child.stdout as NonNullable<typeof child.stdout>, 'data');

    child.kill('SIGTERM');
    const exit = await once(child, 'exit');

    expect(exit).toEqual([1, null]);
  });
});
