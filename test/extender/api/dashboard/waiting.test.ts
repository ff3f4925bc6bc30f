import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startApiThread } from '../../../../extender/api/api-thread.ts';
import { waitingResponse } from '../../../../extender/api/dashboard/waiting.ts';
import { extenderConfigSchema } from '../../../../extender/config.ts';
import { HOUR_MS } from '../../../../shared/grid/units.ts';
import { loadConfig } from '../../../../shared/runtime/config.ts';
import { capturedLog } from '../../../captured-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'waiting-'));
afterAll(() => rmSync(folder, { recursive: true }));
const NOON = Date.parse('2026-03-02T12:00:00Z');

describe('GET /api/waiting', () => {
  it('says that nothing is deferred where the controller does not run', async () => {
    await using api = await startApi('off');

    expect(await api.waiting()).toEqual({ deferral: 'off', total: 0, waiting: [] });
  });

  it('answers what the other thread told last, and null for what is not known', async () => {
    await using api = await startApi('on');
    const of = { kind: 'Pod', namespace: 'batch', arrivedAt: NOON, deadline: NOON + 6 * HOUR_MS } as const;

    const before = await api.waiting();
    api.thread.post({
      kind: 'waiting',
      list: {
        deferral: 'on',
        total: 401,
        entries: [
          {
            ...{ ...of, name: 'planned', plannedStart: NOON + 2 * HOUR_MS, expectedSavingPercent: 37.5 },
            ...{ isExtended: true, zone: 'FR', pausedAt: NOON + HOUR_MS },
            pieces: [
              { start: NOON, end: NOON + HOUR_MS, ran: true },
              { start: NOON + 2 * HOUR_MS, end: NOON + 3 * HOUR_MS, ran: false },
            ],
          },
          { ...of, name: 'new', plannedStart: null, expectedSavingPercent: null },
        ],
      },
    });
    await expect.poll(async () => (await api.waiting()).total).toBe(401);
    const after = await api.waiting();

    expect(before).toEqual({ deferral: 'on', total: null, waiting: [] });
    const told = { kind: 'Pod', namespace: 'batch', arrived: '2026-03-02T12:00:00.000Z', over_budget: false };
    const deadline = '2026-03-02T18:00:00.000Z';
    expect(after.waiting).toEqual([
      {
        ...{
          ...told,
          name: 'planned',
          deadline,
          planned_start: '2026-03-02T14:00:00.000Z',
          expected_saving_percent: 37.5,
        },
        ...{ over_budget: true, zone: 'FR', paused_since: '2026-03-02T13:00:00.000Z' },
        pieces: [
          { start: '2026-03-02T12:00:00.000Z', end: '2026-03-02T13:00:00.000Z', ran: true },
          { start: '2026-03-02T14:00:00.000Z', end: '2026-03-02T15:00:00.000Z', ran: false },
        ],
      },
      {
        ...{ ...told, name: 'new', deadline, planned_start: null, expected_saving_percent: null },
        ...{ zone: null, paused_since: null, pieces: [] },
      },
    ]);
  });
});

async function startApi(DEFERRAL: string) {
  const env = { DATA_DIR: folder, API_HOST: '127.0.0.1', API_PORT: '0', LOG_LEVEL: 'silent', DEFERRAL };
  const thread = await startApiThread(loadConfig('extender', extenderConfigSchema, env), capturedLog());
  return {
    thread,
    waiting: async () =>
      waitingResponse.parse(await fetch(`http://127.0.0.1:${thread.port}/api/waiting`).then((answer) => answer.json())),
    [Symbol.asyncDispose]: () => thread[Symbol.asyncDispose](),
  };
}
