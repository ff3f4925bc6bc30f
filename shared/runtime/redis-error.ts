/** Why a command to Redis failed: away, no access, full, a key of another type, a Redis Cluster, or any other error of its own. */
export type RedisErrorReason = 'away' | 'no-access' | 'full' | 'wrong-type' | 'cluster' | 'other';

const MESSAGES: Record<RedisErrorReason, string> = {
  away: 'Redis cannot be reached',
  'no-access': 'Redis refuses the user or password',
  full: 'Redis is full (maxmemory)',
  'wrong-type': 'a key in Redis has the wrong type',
  cluster: 'this is a Redis Cluster, which cannot be used: use one Redis, or a primary with replicas',
  other: 'Redis returned an error',
};

/** A command to Redis failed. The message never holds what was sent. */
export class RedisError extends Error {
  readonly reason: RedisErrorReason;

  constructor(reason: RedisErrorReason, detail?: string, options?: ErrorOptions) {
    super(detail ? `${MESSAGES[reason]}: ${detail}` : MESSAGES[reason], options);
    this.name = 'RedisError';
    this.reason = reason;
  }
}

/** The error of a client as a RedisError. */
export function toRedisError(error: unknown): RedisError {
  if (error instanceof RedisError) return error;
  const text = error instanceof Error ? error.message || String((error as NodeJS.ErrnoException).code) : String(error);
  const name = error instanceof Error ? error.constructor.name : '';
  return new RedisError(reasonOf(text, name), text.slice(0, 200), { cause: error });
}

/** What Redis 6 and older put before the error of a command within a script. */
const SCRIPT = /^ERR Error running script .*?-(?=[A-Z]+ )/s;

function reasonOf(given: string, name: string): RedisErrorReason {
  const text = given.replace(SCRIPT, '');
  if (/^(WRONGPASS|NOAUTH|NOPERM|ERR AUTH|ERR Client sent AUTH)/.test(text)) return 'no-access';
  if (/^OOM|used memory > 'maxmemory'/.test(text)) return 'full';
  if (/^(CROSSSLOT|MOVED|ASK )/.test(text)) return 'cluster';
  if (/^WRONGTYPE/.test(text)) return 'wrong-type';
  if (/^(LOADING|MASTERDOWN|READONLY|MISCONF|BUSY |CLUSTERDOWN|TRYAGAIN)/.test(text)) return 'away';
  if (/^(ClientOffline|ClientClosed|SocketClosed|SocketTimeout|Disconnects|ConnectionTimeout)/.test(name))
    return 'away';
  return /\bE[A-Z]{4,}\b|queue is full|[Ss]ocket|TLS|certificate/.test(text) ? 'away' : 'other';
}
