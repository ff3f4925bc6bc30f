import { z } from 'zod';
import type { RedisClient } from '../../runtime/redis.ts';
import { type EntryFields, ORIGIN, type StreamEntry } from './entry.ts';

/** The stream of dead letters, beside the stream that they came from. */
export function deadStream(stream: string): string {
  return `${stream}:dead`;
}

/** An entry that was moved to the dead letters. */
export interface DeadLetter {
  /** Its number among the dead letters. */
  readonly id: string;
  readonly originId: string;
  readonly reason: string;
  readonly deliveries: number;
  /** ISO time. */
  readonly failedAt: string;
  readonly fields: EntryFields;
}

const fieldsText = z.string().transform((text, context): EntryFields => {
  try {
    return z.record(z.string(), z.string()).parse(JSON.parse(text));
  } catch {
    context.addIssue({ code: 'custom', message: 'is not the fields of an entry' });
    return z.NEVER;
  }
});

const letter = z.object({
  origin_id: z.string(),
  reason: z.string(),
  deliveries: z.coerce.number(),
  failed_at: z.string(),
  entry: fieldsText,
});

// Both work on a full Redis, too: what they write is no more than what the stream gives up.
const DEAD_LETTER = `#!lua flags=allow-oom
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call('XADD', KEYS[2], '*', unpack(ARGV, 3))
return 1`;

const REDRIVE = `#!lua flags=allow-oom
if redis.call('XDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('XADD', KEYS[2], '*', unpack(ARGV, 2))
return 1`;

/** Fields of one entry that fit onto Lua's stack. */
const MAX_FIELDS = 1_000;

/** Moves an entry from the group to the dead letters, in one step. False when another worker was faster. */
export async function deadLetter(
  client: RedisClient,
  from: { stream: string; group: string },
  entry: StreamEntry,
  facts: { reason: string; deliveries: number; failedAt: string },
): Promise<boolean> {
  const values = ['reason', facts.reason, 'deliveries', String(facts.deliveries), 'failed_at', facts.failedAt];
  const origin = entry.fields[ORIGIN] ?? entry.id;
  const moved = await client.eval(DEAD_LETTER, {
    keys: [from.stream, deadStream(from.stream)],
    arguments: [from.group, entry.id, ORIGIN, origin, ...values, 'entry', JSON.stringify(entry.fields)],
  });
  return moved === 1;
}

/** The oldest dead letters after one; those in a form that is not ours are left out. */
export async function deadLetters(
  client: RedisClient,
  stream: string,
  count: number,
  after = '0',
): Promise<{ letters: DeadLetter[]; last: string | undefined }> {
  const rows = (await client.xRange(deadStream(stream), `(${after}`, '+', { COUNT: count })) ?? [];
  const letters = rows.flatMap(({ id, message }) => {
    const parsed = letter.safeParse(message);
    if (!parsed.success) return [];
    const { origin_id: originId, reason, deliveries, failed_at: failedAt, entry: fields } = parsed.data;
    return [{ id, originId, reason, deliveries, failedAt, fields }];
  });
  return { letters, last: rows.at(-1)?.id };
}

/** Puts a dead letter back into the stream, in one step. False when it is gone, or too large to be put back. */
export async function redrive(client: RedisClient, stream: string, dead: DeadLetter): Promise<boolean> {
  const fields = Object.entries({ ...dead.fields, [ORIGIN]: dead.originId }).flat();
  if (fields.length > 2 * MAX_FIELDS) return false;
  const keys = [deadStream(stream), stream];
  return (await client.eval(REDRIVE, { keys, arguments: [dead.id, ...fields] })) === 1;
}
