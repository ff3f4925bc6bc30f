// Flow: what tests start ends with their file, whatever it is doing then.
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { endChildren, spawn } from './children.ts';

it('programs of a test end with its file, also those that are stopped', async () => {
  const [sleeping, stopped] = ['600', '601'].map((seconds) => spawn('sleep', [seconds], { stdio: 'ignore' }));
  const ended = Promise.all([sleeping, stopped].map((child) => once(child as NonNullable<typeof child>, 'exit')));
  stopped?.kill('SIGSTOP');

  endChildren();

  expect(await ended).toEqual([
    [null, 'SIGKILL'],
    [null, 'SIGKILL'],
  ]);
});
