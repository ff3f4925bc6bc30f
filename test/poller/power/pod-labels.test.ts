import { expect, it } from 'vitest';
import { startPodLabelsTask } from '../../../poller/power/pod-labels.ts';
import type { PodLabels } from '../../../shared/records/power.ts';
import { listen } from '../../../shared/runtime/http-server.ts';
import { createClient } from '../../../shared/runtime/kubernetes/client.ts';
import { openConnections } from '../../../shared/runtime/kubernetes/connection.ts';
import { capturedLog } from '../../captured-log.ts';
import { FakeClock } from '../../fake-clock.ts';
import { eventually } from '../../started-process.ts';

it('records the labels of all pods, page by page, and only those that changed afterwards', async () => {
  let app = 'web';
  const pages = () => [
    { metadata: { continue: 'more' }, items: [{ metadata: { namespace: 'shop', name: 'p1', labels: { app } } }] },
    { metadata: {}, items: [{ metadata: { namespace: 'shop', name: 'p2' } }] },
  ];
  await using api = await listen(
    (request, response) => response.end(JSON.stringify(pages()[request.url?.includes('continue=more') ? 1 : 0])),
    { host: '127.0.0.1', port: 0 },
  );
  const recorded: (readonly PodLabels[])[] = [];
  const clock = new FakeClock();
  await using client = createClient(openConnections({ server: `http://127.0.0.1:${api.port}`, user: {} }));
  const store = {
    recordLabels: async (pods: readonly PodLabels[]) => void recorded.push(pods),
  };
  await using _task = startPodLabelsTask({ client, store, clock, logger: capturedLog() });
  const rounds = (count: number) =>
    eventually(
      async () => recorded.length,
      (length) => length >= count,
    );
  await rounds(1);

  app = 'shop';
  await clock.advance(60_000);
  await rounds(2);

  expect(recorded).toEqual([
    [
      { namespace: 'shop', pod: 'p1', labels: { app: 'web' } },
      { namespace: 'shop', pod: 'p2', labels: {} },
    ],
    [{ namespace: 'shop', pod: 'p1', labels: { app: 'shop' } }],
  ]);
});
