import { expect, it } from 'vitest';
import { sendToSlack } from '../../../poller/grid/slack.ts';
import { listen } from '../../../shared/runtime/http-server.ts';
import { FakeClock } from '../../fake-clock.ts';

it('names a Slack that does not answer in time, and one that is not there', async () => {
  await using silent = await listen(() => undefined, { host: '127.0.0.1', port: 0 });
  const options = { clock: new FakeClock(), timeoutMs: 200, signal: new AbortController().signal };

  const late = await sendToSlack(`http://127.0.0.1:${silent.port}/services/x`, 'text', options);
  const away = await sendToSlack('http://127.0.0.1:1/services/x', 'text', options);

  expect(late).toEqual({ outcome: 'retry', reason: 'no response within 200 ms' });
  expect(away).toEqual({ outcome: 'retry', reason: 'ECONNREFUSED' });
});
