import type { StoredReading } from '../../records/meter-readings.ts';
import type { RedisClient } from '../../runtime/redis.ts';
import { listItem, siteList } from './entry.ts';

/** Bounds of each site's list: items, and age by the time at which they were accepted. */
export interface ListBounds {
  readonly maxItems: number;
  readonly maxAgeMs: number;
}

/** A stored entry on its way into its site's list. */
export interface Finished {
  /** Number of the entry in the stream. */
  readonly id: string;
  readonly reading: StoredReading;
  /** False for a repetition of a reading that is kept already: acknowledged, but not listed again. */
  readonly kept: boolean;
}

/** How a commit ended: listed and acknowledged, done before by another worker, or the key of the list is not a list. */
export type CommitOutcome = 'done' | 'done-before' | 'not-a-list';

// One step for Redis, so a crash leaves either both, the item and the acknowledgement, or neither. Only the one call
// that acknowledges an entry lists it, whichever other workers hold it. Works on a full Redis, too: it gives up more than it takes.
const COMMIT = `#!lua flags=allow-oom
local outcomes, types, touched = {}, {}, {}
local group, maxItems, oldest, ttl = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
for i = 2, #KEYS do
  local key, at = KEYS[i], 5 + (i - 2) * 2
  local id, item = ARGV[at], ARGV[at + 1]
  if item ~= '' and types[key] == nil then types[key] = redis.call('TYPE', key).ok end
  if item ~= '' and types[key] ~= 'list' and types[key] ~= 'none' then
    outcomes[i - 1] = -1
  else
    outcomes[i - 1] = redis.call('XACK', KEYS[1], group, id)
    if outcomes[i - 1] == 1 and item ~= '' then
      redis.call('RPUSH', key, item)
      touched[key] = true
    end
  end
end
for key in pairs(touched) do
  redis.call('LTRIM', key, '-' .. maxItems, '-1')
  local head = redis.call('LINDEX', key, 0)
  while head do
    local accepted = tonumber(string.match(head, '"stream_id":"(%d+)%-'))
    if not accepted or accepted >= oldest then break end
    redis.call('LPOP', key)
    head = redis.call('LINDEX', key, 0)
  end
  redis.call('PEXPIRE', key, ttl)
end
return outcomes`;

/** Finished entries that one call removes at most while some are kept: it reads them first, and Redis does nothing else meanwhile. */
const TRIM_AT_ONCE = 10_000;

// Keeps what any group still has to do. Entries that every group has finished make room once the stream is longer than
// it may be, and all of them when the memory of Redis runs out.
const TRIM = `#!lua flags=allow-oom
local low, lowMs, lowSeq
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local facts = {}
  for i = 1, #group, 2 do facts[group[i]] = group[i + 1] end
  local ms, seq = string.match(facts['last-delivered-id'], '(%d+)-(%d+)')
  ms, seq = tonumber(ms), tonumber(seq) + 1
  if facts.pending > 0 then
    ms, seq = string.match(redis.call('XPENDING', KEYS[1], facts.name)[2], '(%d+)-(%d+)')
    ms, seq = tonumber(ms), tonumber(seq)
  end
  if not lowMs or ms < lowMs or (ms == lowMs and seq < lowSeq) then lowMs, lowSeq = ms, seq end
end
if not lowMs then return 0 end
local oldest, keep = string.format('%.0f-%.0f', lowMs, lowSeq), tonumber(ARGV[1])
local memory = redis.call('INFO', 'memory')
local used, most = tonumber(string.match(memory, 'used_memory:(%d+)')), tonumber(string.match(memory, 'maxmemory:(%d+)'))
if most and most > 0 and used and used > most * 0.9 then keep = 0 end
if keep > 0 then
  local excess = math.min(redis.call('XLEN', KEYS[1]) - keep, tonumber(ARGV[2]))
  if excess <= 0 then return 0 end
  local finished = redis.call('XRANGE', KEYS[1], '-', '(' .. oldest, 'COUNT', excess + 1)
  if #finished > excess then oldest = finished[excess + 1][1] end
end
return redis.call('XTRIM', KEYS[1], 'MINID', '=', oldest)`;

// In one step, because deleting a consumer also deletes what it still has pending.
const SWEEP = `#!lua flags=allow-oom
local gone = 0
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local facts = {}
  for i = 1, #consumer, 2 do facts[consumer[i]] = consumer[i + 1] end
  if facts.pending == 0 and facts.idle > tonumber(ARGV[2]) and facts.name ~= ARGV[3] then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], facts.name)
    gone = gone + 1
  end
end
return gone`;

/** Lists and acknowledges entries in one step; the outcomes are in the order of the entries. */
export async function commitEntries(
  client: RedisClient,
  { stream, group, now }: { stream: string; group: string; now: number },
  entries: readonly Finished[],
  { maxItems, maxAgeMs }: ListBounds,
): Promise<CommitOutcome[]> {
  const values = entries.flatMap(({ id, reading, kept }) => [id, kept ? listItem(reading) : '']);
  const outcomes = (await client.eval(COMMIT, {
    keys: [stream, ...entries.map(({ reading }) => siteList(reading.siteId))],
    arguments: [group, String(maxItems), String(now - maxAgeMs), String(maxAgeMs), ...values],
  })) as number[];
  return outcomes.map((code) => (code === 1 ? 'done' : code === 0 ? 'done-before' : 'not-a-list'));
}

/** Removes the oldest entries that every group has finished while the stream is longer than `keep`; returns how many. */
export async function trimFinished(client: RedisClient, stream: string, keep: number): Promise<number> {
  const values = [String(keep), String(TRIM_AT_ONCE)];
  return (await client.eval(TRIM, { keys: [stream], arguments: values })) as number;
}

/** Removes consumers that have been silent for a time and hold nothing; returns how many. */
export async function sweepConsumers(
  client: RedisClient,
  from: { stream: string; group: string; consumer: string },
  silentMs: number,
): Promise<number> {
  const sent = { keys: [from.stream], arguments: [from.group, String(silentMs), from.consumer] };
  return (await client.eval(SWEEP, sent)) as number;
}
