import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import pg from 'pg';
import { type OnCertificate, usedCertificate } from '../../runtime/certificates.ts';
import { ConfigError } from '../../runtime/config.ts';
import { DatabaseError, describeDsn } from './database-error.ts';

/** A connection while it is lent out. */
export type Connection = pg.PoolClient;

/** How a database is reached. */
export interface DatabaseOptions {
  /** PostgreSQL connection string. */
  readonly dsn: string;
  /** Connections kept at most, by this process. */
  readonly connections: number;
  /** Runs before the first use and again until it succeeds once: migrations, or a check of the schema. */
  readonly prepare: (connection: Connection) => Promise<void>;
  /** Called with the certificate of the server (`database-server`) at each connection over TLS. */
  readonly onCertificate?: OnCertificate | undefined;
}

/** Statements and transactions of one part of the program, with the time that each may take. */
export interface TimescaleDatabase {
  /** Rows of one statement. The caller names the row's type, which the schema guarantees. */
  query<Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Runs work as one transaction: all of it lasts, or none when it throws. */
  transaction<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result>;
}

/** Longest wait for a connection, in milliseconds: a stop may have to wait for two in a row, and has 5 s. */
const CONNECT_MS = 2_000;

/** Settings of every connection that the project opens. Throws a ConfigError when the connection string is not valid. */
function connectionSettings(dsn: string): pg.ClientConfig {
  if (!/^postgres(ql)?:$/.test(URL.parse(dsn)?.protocol ?? ''))
    throw new ConfigError('store', [
      'TSDB_DSN: (hidden) is not a connection string such as postgresql://user:password@host:5432/database',
    ]);
  return {
    connectionString: libpqDsn(dsn),
    application_name: 'carbon-extender',
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}

/** Longest time for migrations to answer, in milliseconds. */
const PREPARE_MS = 30_000;
/** The connection string with `sslmode` as libpq means it: the driver takes `require` and `prefer` for `verify-full` otherwise. */
function libpqDsn(dsn: string): string {
  if (!/[?&]sslmode=/.test(dsn) || /[?&]uselibpqcompat=/.test(dsn)) return dsn;
  return `${dsn}&uselibpqcompat=true`;
}

/** Work under way gets this long to finish when the store is closed, in milliseconds. */
const GRACE_MS = 2_000;

/**
 * The process's connections to a PostgreSQL database that may be away: every failure is a DatabaseError that says
 * whether trying again can help. Nothing is set for a session, only for a transaction, so that a pooler may stand between.
 */
export class ConnectionPool implements AsyncDisposable {
  readonly #options: DatabaseOptions;
  readonly #pool: pg.Pool;
  readonly #name: string;
  /** Ends what is under way; each by its own. */
  readonly #underWay = new Set<(reason: string) => void>();
  #prepared: Promise<void> | undefined;
  /** Connections of earlier generations are to a server that turned out to be the wrong one. */
  #generation = 0;
  readonly #generationOf = new WeakMap<pg.ClientBase, number>();
  readonly #sockets = new Set<Socket>();

  constructor(options: DatabaseOptions) {
    this.#options = options;
    this.#name = describeDsn(options.dsn);
    this.#pool = new pg.Pool({
      ...connectionSettings(options.dsn),
      max: options.connections,
      idleTimeoutMillis: 30_000,
      // A renewed certificate of the server is seen by new connections only.
      maxLifetimeSeconds: 3_600,
      stream: () => this.#socket(),
    });
    this.#pool.on('connect', (client) => {
      this.#generationOf.set(client, this.#generation);
      const peer = peerCertificate(client);
      if (peer !== undefined) options.onCertificate?.(peer);
    });
    // A connection that breaks reports it twice: to its user, and here. Without a listener the event ends the process.
    this.#pool.on('error', () => undefined);
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /** The database with a time limit in milliseconds for each statement and transaction. */
  within(timeoutMs: number): TimescaleDatabase {
    const transaction = <Result>(work: (connection: Connection) => Promise<Result>) =>
      this.#lend(timeoutMs, (connection) => transact(connection, timeoutMs, work));
    return {
      transaction,
      query: <Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []) =>
        transaction(async (connection) => (await connection.query<Row>(sql, [...values])).rows),
    };
  }

  /** Closes all connections: those that are being made at once, those in use when their work ends or after a grace. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
    const late = setTimeout(() => {
      for (const giveUp of this.#underWay) giveUp('the store was closed');
    }, GRACE_MS);
    await this.#pool.end();
    clearTimeout(late);
  }

  #socket(): Socket {
    const socket = new Socket();
    this.#sockets.add(socket);
    return socket.once('close', () => this.#sockets.delete(socket));
  }

  async #lend<Result>(timeoutMs: number, work: (connection: Connection) => Promise<Result>): Promise<Result> {
    try {
      await this.#prepare(timeoutMs);
      return await this.#withConnection(timeoutMs, work);
    } catch (error) {
      throw DatabaseError.from(this.#name, error);
    }
  }

  async #prepare(timeoutMs: number): Promise<void> {
    this.#prepared ??= this.#withConnection(Math.max(timeoutMs, PREPARE_MS), this.#options.prepare);
    try {
      await this.#prepared;
    } catch (error) {
      this.#prepared = undefined;
      throw error;
    }
  }

  /** A connection of this generation; those of earlier ones are ended. */
  async #current(): Promise<Connection> {
    for (;;) {
      const connection = await this.#pool.connect();
      if (this.#generationOf.get(connection) === this.#generation) return connection;
      connection.release(true);
    }
  }

  async #withConnection<Result>(timeoutMs: number, work: (connection: Connection) => Promise<Result>): Promise<Result> {
    const connection = await this.#current();
    const patience = timeoutMs + CONNECT_MS;
    const abandoned = Promise.withResolvers<never>();
    let broken = false;
    const giveUp = (reason: string) => {
      broken = true;
      abandoned.reject(new Error(reason));
    };
    // The server's own limit does not help when nothing arrives from the server any more.
    const late = setTimeout(() => giveUp(`no response within ${patience} ms`), patience);
    this.#underWay.add(giveUp);
    try {
      return await Promise.race([work(connection), abandoned.promise]);
    } catch (error) {
      // After a failover a live connection to the old primary would stay; new ones look the name up anew.
      if (isWrongServer(error)) {
        broken = true;
        this.#generation += 1;
      }
      throw error;
    } finally {
      clearTimeout(late);
      this.#underWay.delete(giveUp);
      connection.release(broken);
    }
  }
}

/** The certificate of the server; undefined where the connection is not over TLS. */
function peerCertificate(client: pg.ClientBase & { readonly connection?: { readonly stream?: unknown } }) {
  const stream = client.connection?.stream;
  const peer = stream instanceof TLSSocket ? stream.getPeerX509Certificate() : undefined;
  return peer && usedCertificate(peer, 'database-server');
}

/** SQLSTATEs of a server that is a standby, or is being stopped or started. */
const WRONG_SERVER = new Set(['25006', '57P01', '57P02', '57P03']);

function isWrongServer(error: unknown): boolean {
  return error instanceof pg.DatabaseError && WRONG_SERVER.has(error.code ?? '');
}

/**
 * Begins a transaction whose statements end after a time in milliseconds (0: never). A process that is stopped or cut
 * off in the middle of it keeps its connection, and with it the locks on rows: the server ends it a little after the
 * process would have, so that others are not kept waiting until the network notices.
 */
export function beginWithin(timeoutMs: number): string {
  const idleMs = (timeoutMs === 0 ? PREPARE_MS : timeoutMs) + CONNECT_MS;
  return `BEGIN; SET LOCAL statement_timeout = ${timeoutMs}; SET LOCAL idle_in_transaction_session_timeout = ${idleMs}`;
}

async function transact<Result>(
  connection: Connection,
  timeoutMs: number,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  await connection.query(beginWithin(timeoutMs));
  try {
    const result = await work(connection);
    await connection.query('COMMIT');
    return result;
  } catch (error) {
    await connection.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
