/** Why Redis did not do what it was asked: away, no access, full, a key of another type, or its own error. */
export type RedisErrorReason = 'away' | 'no-access' | 'full' | 'wrong-type' | 'other';

const SAYS: Record<RedisErrorReason, string> = {
  away: 'Redis cannot be reached',
  'no-access': 'Redis refuses the user or password',
  full: 'Redis is full (maxmemory)',
  'wrong-type': 'a key in Redis has another type than it must have',
  other: 'Redis answered with an error',
};

/** A fault of Redis with its kind. The message never holds what was sent. */
export class RedisError extends Error {
  readonly kind: RedisErrorReason;

  constructor(kind: RedisErrorReason, detail?: string, options?: ErrorOptions) {
    super(detail ? `${SAYS[kind]}: ${detail}` : SAYS[kind], options);
    this.name = 'RedisFault';
    this.kind = kind;
  }
}

/** What a client's error means. */
export function toRedisError(error: unknown): RedisError {
  if (error instanceof RedisError) return error;
  const text = error instanceof Error ? error.message || String((error as NodeJS.ErrnoException).code) : String(error);
  const name = error instanceof Error ? error.constructor.name : '';
  return new RedisError(kindOf(text, name), text.slice(0, 200), { cause: error });
}

function kindOf(text: string, name: string): RedisErrorReason {
  if (/^(WRONGPASS|NOAUTH|NOPERM|ERR AUTH|ERR Client sent AUTH)/.test(text)) return 'no-access';
  if (/^OOM|used memory > 'maxmemory'/.test(text)) return 'full';
  if (/^WRONGTYPE/.test(text)) return 'wrong-type';
  if (/^(LOADING|MASTERDOWN|READONLY|MISCONF|BUSY |CLUSTERDOWN|TRYAGAIN)/.test(text)) return 'away';
  if (/^(ClientOffline|ClientClosed|SocketClosed|SocketTimeout|Disconnects|ConnectionTimeout)/.test(name))
    return 'away';
  return /\bE[A-Z]{4,}\b|queue is full|[Ss]ocket|TLS|certificate/.test(text) ? 'away' : 'other';
}
