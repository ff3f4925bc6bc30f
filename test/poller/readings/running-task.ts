import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { createReadingsMetrics } from '../../../poller/readings/readings-metrics.ts';
import { readingsSettings } from '../../../poller/readings/settings.ts';
import { startReadingsTask } from '../../../poller/readings/task.ts';
import type { MeterReadingsStore } from '../../../shared/records/meter-readings.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { loadConfig } from '../../../shared/runtime/config.ts';
import type { RedisClient } from '../../../shared/runtime/redis.ts';
import { streamState } from '../../../shared/store/stream/state.ts';
import { capturedLog } from '../../captured-log.ts';
import { type Opened, openSqliteReadings } from '../../shared/store/opened-parts.ts';

/** The stream and group that the tests leave at their defaults. */
export const STREAM = 'energy_readings';
export const GROUP = 'processing_group';

/** A store in a folder of its own that goes away with it. */
export function temporaryStore(): Opened<MeterReadingsStore> {
  const folder = mkdtempSync(join(tmpdir(), 'readings-'));
  const store = openSqliteReadings(folder);
  return {
    ...store,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The readings task as the poller starts it, with short times; `env` changes its settings. */
export function runTask(store: MeterReadingsStore, env: Record<string, string>) {
  const defaults = { CONSUMER_NAME: 'test-worker', CLAIM_IDLE_SECONDS: '0.1', MAX_DELIVERIES: '2' };
  const config = loadConfig('test', z.object(readingsSettings), { ...defaults, ...env });
  const log = capturedLog();
  const registry = new Registry();
  const metrics = createReadingsMetrics(registry);
  const task = startReadingsTask({ config, store, clock: systemClock, logger: log, metrics });
  return { log, registry, [Symbol.asyncDispose]: () => task[Symbol.asyncDispose]() };
}

/** Fields of a sound entry; `changes` replaces some of them. */
export function entry(number: number, changes: Record<string, string> = {}): Record<string, string> {
  const timestamp = new Date(Date.now() - 60_000 + number).toISOString();
  return { site_id: 'hall-7', device_id: `pdu-${number}`, power_reading: '412.5', timestamp, ...changes };
}

/** How far the group is. */
export function stateOf(client: RedisClient) {
  return streamState(client, STREAM, GROUP);
}

/** Readings of a site in the store. */
export function storedOf(store: MeterReadingsStore, siteId = 'hall-7') {
  return store.readings(siteId, { from: 0, to: Date.now() + 60_000 }, 10_000);
}

/** Items of a site's list. */
export async function listOf(client: RedisClient, siteId = 'hall-7'): Promise<Record<string, unknown>[]> {
  return (await client.lRange(`site_readings:${siteId}`, 0, -1)).map((text) => JSON.parse(text));
}
