import type { RedisClient } from '../../runtime/redis.ts';
import { deadStream } from './dead-letters.ts';

/** How far the consumers of the readings stream are. */
export interface StreamState {
  readonly length: number;
  /** Entries that were handed to a consumer and are not acknowledged. */
  readonly pending: number;
  /** Entries that no consumer was handed yet; undefined where Redis does not know. */
  readonly lag: number | undefined;
  readonly consumers: number;
  readonly deadLetters: number;
}

/** Entries that are not finished, as far as Redis knows: where it does not, all that are in the stream. */
export function unfinished({ length, pending, lag }: StreamState): number {
  return lag === undefined ? length : Math.min(length, pending + lag);
}

/** The state as Redis has it; a stream or group that does not exist yet is empty. */
export async function streamState(client: RedisClient, stream: string, group: string): Promise<StreamState> {
  const [length, deadLetters, groups] = await Promise.all([
    client.xLen(stream),
    client.xLen(deadStream(stream)),
    client.xInfoGroups(stream).catch((error: Error) => {
      if (error.message.includes('no such key')) return [];
      throw error;
    }),
  ]);
  const own = groups.find(({ name }) => name === group);
  const lag = own === undefined ? length : (own.lag ?? undefined);
  return { length, pending: own?.pending ?? 0, lag, consumers: own?.consumers ?? 0, deadLetters };
}
