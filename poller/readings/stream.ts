import type { RedisClient } from '../../shared/runtime/redis.ts';
import type { StreamDelivery } from './batch.ts';

/** The stream, the group, and the worker's name in it. */
export interface Worker {
  readonly stream: string;
  readonly group: string;
  readonly consumer: string;
}

// As a script, because a full Redis refuses the bare command, and then nothing could ever make room.
const ENSURE = `#!lua flags=allow-oom
local made = redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM')
if made.err and not string.find(made.err, 'BUSYGROUP', 1, true) then return made end
return 1`;

/** Makes the stream and its group where they do not exist. The group starts at the oldest entry, so none is left out. */
export async function ensureGroup(client: RedisClient, { stream, group }: Worker): Promise<void> {
  await client.eval(ENSURE, { keys: [stream], arguments: [group] });
}

/** New entries for this worker; empty when none came in time. */
export async function takeNew(
  client: RedisClient,
  { stream, group, consumer }: Worker,
  count: number,
  blockMs: number,
): Promise<StreamDelivery[]> {
  const options = { COUNT: count, BLOCK: blockMs };
  const replies = await client.xReadGroup(group, consumer, { key: stream, id: '>' }, options);
  const messages = replies?.[0]?.messages ?? [];
  return messages.map(({ id, message }) => ({ id, fields: message, deliveries: 1 }));
}

/** Idle entries that were taken over, and where the next search for such starts. */
export interface Claim {
  readonly next: string;
  readonly deliveries: StreamDelivery[];
}

/** Takes over entries that were idle for too long in any worker, this one included. */
export async function claimIdle(
  client: RedisClient,
  { stream, group, consumer }: Worker,
  count: number,
  idleMs: number,
  start: string,
): Promise<Claim> {
  const reply = await client.xAutoClaim(stream, group, consumer, idleMs, start, { COUNT: count });
  const messages = reply.messages.filter((message) => message !== null);
  const [first, last] = [messages[0]?.id, messages.at(-1)?.id];
  if (first === undefined || last === undefined) return { next: reply.nextId, deliveries: [] };
  const counts = new Map<string, number>();
  // Other entries of this worker may lie between the claimed ones, so pages are read until the last one is seen.
  for (let from = first; !counts.has(last); ) {
    const page = await client.xPendingRange(stream, group, from, last, count, { consumer });
    for (const { id, deliveriesCounter } of page) counts.set(id, deliveriesCounter);
    if (page.length < count) break;
    from = `(${page.at(-1)?.id ?? last}`;
  }
  const deliveries = messages.map(({ id, message }) => ({ id, fields: message, deliveries: counts.get(id) ?? 1 }));
  return { next: reply.nextId, deliveries };
}
