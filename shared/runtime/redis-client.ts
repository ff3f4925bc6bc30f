import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import type * as Redis from 'redis';
import { type OnCertificate, usedCertificate } from './certificates.ts';
import { RedisError } from './redis-error.ts';
import type { RedisConfig } from './redis-settings.ts';

/** A client of node-redis as the project uses it: one connection, which is not made again when it breaks. */
export type RedisClient = ReturnType<typeof makeClient>;

/** Where a Redis listens. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

const require = createRequire(import.meta.url);
const CONNECT_MS = 5_000;
/** Commands that may wait for a response; more would only fill memory while Redis hangs. */
const QUEUE = 50_000;
const SENTINEL_PORT = 26_379;

/** A client that is not connected yet; files of certificates are read now, so that renewed ones count. */
export function makeClient(
  config: RedisConfig,
  name: string,
  address: RedisAddress | undefined,
  onPeer: (certificate: X509Certificate) => void = () => undefined,
) {
  const { REDIS_URL, REDIS_USERNAME: username, REDIS_PASSWORD: password } = config;
  const url = address === undefined ? REDIS_URL : undefined;
  // Loaded by those that use it: it takes a third of the time in which a program starts.
  const { createClient } = require('redis') as typeof Redis;
  return createClient({
    RESP: 2,
    name: `carbon-extender-${name}`,
    socket: socketOf(config, address, onPeer),
    disableOfflineQueue: true,
    commandsQueueMaxLength: QUEUE,
    // Own deadlines cover the whole way to the response; the client's would only cover its queue, at a price per command.
    commandOptions: { timeout: 0 },
    maintNotifications: 'disabled',
    ...(url !== undefined && { url }),
    ...credentialsOf(config),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  });
}

/** What reports the certificate of a server of a kind such as `redis-server`; undefined where nothing is to be reported. */
export function reportsOf(onCertificate: OnCertificate | undefined, use: string) {
  return onCertificate && ((certificate: X509Certificate) => onCertificate(usedCertificate(certificate, use)));
}

/** Address of the primary where REDIS_URL names sentinels; undefined where it names Redis itself. Rejects when no sentinel responds. */
export async function primaryAddress(
  config: RedisConfig,
  name: string,
  onCertificate?: OnCertificate,
): Promise<RedisAddress | undefined> {
  const sentinels = sentinelsOf(config.REDIS_URL);
  if (sentinels === undefined) return undefined;
  const causes: string[] = [];
  for (const address of sentinels.addresses) {
    const { REDIS_USERNAME: _user, REDIS_PASSWORD: _password, REDIS_URL: _url, ...rest } = config;
    const onPeer = reportsOf(onCertificate, 'redis-sentinel');
    const client = makeClient({ ...rest, REDIS_URL: undefined }, `${name}-sentinel`, address, onPeer);
    client.on('error', () => undefined);
    try {
      await client.connect();
      const reply = await client.sendCommand(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', sentinels.name]);
      const [host, port] = Array.isArray(reply) ? reply.map(String) : [];
      if (host !== undefined && port !== undefined) return { host, port: Number(port) };
      causes.push(`${address.host}:${address.port} does not know a primary of the name ${sentinels.name}`);
    } catch (error) {
      causes.push(`${address.host}:${address.port}: ${(error as Error).message}`);
    } finally {
      client.destroy();
    }
  }
  throw new RedisError('away', `no sentinel knows the primary (${causes.join('; ')})`);
}

/** Sentinels and name of the primary in `redis+sentinel://host1:26379,host2/name`; undefined for other addresses. */
function sentinelsOf(url: string | undefined): { addresses: RedisAddress[]; name: string } | undefined {
  const match = /^rediss?\+sentinel:\/\/(?:[^@/]*@)?([^/]+)\/([^/?]+)/.exec(url ?? '');
  if (match === null) return undefined;
  const addresses = (match[1] ?? '').split(',').map((place) => {
    const [, host = place, port] = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(place) ?? [];
    return { host: host.replace(/^\[|\]$/g, ''), port: port === undefined ? SENTINEL_PORT : Number(port) };
  });
  return { addresses, name: match[2] ?? '' };
}

/** User and password of Redis within an address of sentinels. */
function credentialsOf({ REDIS_URL = '' }: RedisConfig): { username?: string; password?: string } {
  const [, username = '', password = ''] = /^rediss?\+sentinel:\/\/([^:@/]*):?([^@/]*)@/.exec(REDIS_URL) ?? [];
  return {
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
  };
}

function socketOf(
  config: RedisConfig,
  found: RedisAddress | undefined,
  onPeer: (certificate: X509Certificate) => void,
) {
  const common = { connectTimeout: CONNECT_MS, reconnectStrategy: false as const };
  const { REDIS_URL: url, REDIS_HOST, REDIS_PORT } = config;
  const address = found ?? (url === undefined ? { host: REDIS_HOST ?? '', port: REDIS_PORT } : {});
  const tls = url === undefined ? config.REDIS_TLS : url.startsWith('rediss');
  if (!tls) return { ...common, ...address };
  const [ca, cert, key] = [config.REDIS_TLS_CA_FILE, config.REDIS_TLS_CERT_FILE, config.REDIS_TLS_KEY_FILE].map(
    (file) => (file === undefined ? undefined : readFileSync(file)),
  );
  const checked = (host: string, peer: PeerCertificate) => {
    onPeer(new X509Certificate(peer.raw));
    return checkServerIdentity(host, peer);
  };
  const files = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  return { ...common, ...address, tls: true as const, ...files, checkServerIdentity: checked };
}

/** The fields of `INFO` that say whether accepted readings are safe. */
export interface RedisFacts {
  readonly role: string | undefined;
  readonly cluster: boolean;
  /** Policy by which Redis may evict keys; undefined where it has no limit of memory, or evicts nothing. */
  readonly evicts: string | undefined;
  /** Keys evicted since the server started. */
  readonly evictedKeys: number;
}

/** Reads the facts of a connected server; where its user may not ask, nothing is known against it. */
export async function redisFacts(client: RedisClient): Promise<RedisFacts> {
  const info = await client.info().catch(() => '');
  const field = (name: string) => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1];
  const policy = field('maxmemory_policy');
  const limited = Number(field('maxmemory') ?? 0) > 0;
  return {
    role: field('role'),
    cluster: field('cluster_enabled') === '1',
    evicts: limited && policy !== 'noeviction' ? policy : undefined,
    evictedKeys: Number(field('evicted_keys') ?? 0),
  };
}
