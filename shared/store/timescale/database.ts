import pg from 'pg';
import { ConfigError } from '../../runtime/config.ts';
import { DatabaseError, describeDsn } from './database-error.ts';

/** A connection while it is lent out. */
export type Connection = pg.PoolClient;

/** How a database is reached. */
export interface DatabaseOptions {
  /** PostgreSQL connection string. */
  readonly dsn: string;
  /** Connections kept at most. */
  readonly connections: number;
  /** Longest time that one statement or transaction may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Runs before the first use and again until it succeeds once: migrations, or a look at the schema. */
  readonly prepare: (connection: Connection) => Promise<void>;
}

/** Longest wait for a connection, in milliseconds: a stop may have to wait for two in a row, and has 5 s. */
const CONNECT_MS = 2_000;

/** Settings of every connection that the project opens. Throws a ConfigError when the connection string is none. */
export function connectionSettings(dsn: string): pg.ClientConfig {
  if (!/^postgres(ql)?:$/.test(URL.parse(dsn)?.protocol ?? ''))
    throw new ConfigError('store', [
      'TSDB_DSN: (hidden) is not a connection string such as postgresql://user:password@host:5432/database',
    ]);
  return {
    connectionString: dsn,
    application_name: 'carbon-extender',
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}

/** Work under way gets this long to finish when the store is closed, in milliseconds. */
const GRACE_MS = 2_000;

/** A PostgreSQL database that may be away: every failure is a DatabaseError that says whether trying again can help. */
export class TimescaleDatabase implements AsyncDisposable {
  readonly #options: DatabaseOptions;
  readonly #pool: pg.Pool;
  readonly #name: string;
  /** Ends what is under way; each by its own. */
  readonly #underWay = new Set<(reason: string) => void>();
  #prepared: Promise<void> | undefined;

  constructor(options: DatabaseOptions) {
    this.#options = options;
    this.#name = describeDsn(options.dsn);
    this.#pool = new pg.Pool({
      ...connectionSettings(options.dsn),
      max: options.connections,
      idleTimeoutMillis: 30_000,
      statement_timeout: options.timeoutMs,
    });
    // A connection that breaks tells so twice: to whoever uses it, and here. Unheard, an error event ends the process.
    this.#pool.on('error', () => undefined);
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /** Rows of one statement. The caller names the row's type, which the schema guarantees. */
  query<Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.#lend(async (connection) => (await connection.query<Row>(sql, [...values])).rows);
  }

  /** Runs work as one transaction: all of it lasts, or none when it throws. */
  transaction<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
    return this.#lend(async (connection) => {
      await connection.query('BEGIN');
      try {
        const result = await work(connection);
        await connection.query('COMMIT');
        return result;
      } catch (error) {
        await connection.query('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const late = setTimeout(() => {
      for (const giveUp of this.#underWay) giveUp('the store was closed');
    }, GRACE_MS);
    await this.#pool.end();
    clearTimeout(late);
  }

  async #lend<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
    try {
      await this.#prepare();
      return await this.#withConnection(work);
    } catch (error) {
      throw DatabaseError.from(this.#name, error);
    }
  }

  async #prepare(): Promise<void> {
    this.#prepared ??= this.#withConnection(this.#options.prepare);
    try {
      await this.#prepared;
    } catch (error) {
      this.#prepared = undefined;
      throw error;
    }
  }

  async #withConnection<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
    const connection = await this.#pool.connect();
    const patience = this.#options.timeoutMs + CONNECT_MS;
    const abandoned = Promise.withResolvers<never>();
    let broken = false;
    const giveUp = (reason: string) => {
      broken = true;
      abandoned.reject(new Error(reason));
    };
    // The server's own limit does not help when nothing arrives from the server any more.
    const late = setTimeout(() => giveUp(`no answer within ${patience} ms`), patience);
    this.#underWay.add(giveUp);
    try {
      return await Promise.race([work(connection), abandoned.promise]);
    } finally {
      clearTimeout(late);
      this.#underWay.delete(giveUp);
      connection.release(broken);
    }
  }
}
