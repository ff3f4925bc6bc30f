import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Logger } from '../../shared/runtime/logger.ts';

/** One exporter to scrape. */
export interface Target {
  /** Names the target in logs, metrics and the store; never holds credentials. */
  readonly name: string;
  readonly url: string;
  /** Name to request (Host header, TLS server name) where the URL holds only an address. */
  readonly host?: string;
  /** Node that the exporter runs on, where the cluster reports it; for samples whose exporter does not name it. */
  readonly node?: string;
}

/** Lists the exporters to scrape; called in every poll cycle, because nodes come and go. */
export type TargetSource = () => Promise<readonly Target[]>;

/** Finds the addresses of a name. */
export type Resolve = (host: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;

const systemResolve: Resolve = (host) => lookup(host, { all: true });

/**
 * One target for every address behind each URL's name, resolved in each poll cycle: a headless service has one for each
 * node. A name that cannot be resolved costs only itself, and keeps the addresses that it had.
 */
export function resolvedTargets(urls: readonly string[], logger: Logger, resolve = systemResolve): TargetSource {
  const known = new Map<string, readonly Target[]>();
  const failing = new Set<string>();
  return async () => {
    const found = await Promise.all(
      [...new Set(urls)].map(async (url) => {
        try {
          const targets = await targetsOf(url, resolve);
          known.set(url, targets);
          failing.delete(url);
          return targets;
        } catch (error) {
          const { hostname } = new URL(url);
          if (!failing.has(url))
            logger.warn(
              { code: 'EXPORTER_NOT_RESOLVED', host: hostname, err: error },
              'could not resolve the exporter host; using its last known addresses',
            );
          failing.add(url);
          // Without any address yet the name itself is the target, so that the failure shows in every count of targets.
          return known.get(url) ?? [{ name: nameOf(url), url }];
        }
      }),
    );
    return found.flat();
  };
}

async function targetsOf(url: string, resolve: Resolve): Promise<Target[]> {
  const { hostname, host } = new URL(url);
  // localhost has an address of each family, and both are the same exporter.
  if (isIP(hostname.replace(/^\[|\]$/g, '')) || hostname === 'localhost') return [{ name: nameOf(url), url }];
  const all = await resolve(hostname);
  const ipv4 = all.filter(({ family }) => family === 4);
  // So has every pod of a cluster with two stacks: one family is enough, and both would count everything twice.
  const addresses = [...new Set((ipv4.length > 0 ? ipv4 : all).map(({ address }) => address))].sort();
  return addresses.map((address) => {
    const direct = new URL(url);
    direct.hostname = isIP(address) === 6 ? `[${address}]` : address;
    return { name: `${nameOf(url)}@${address}`, url: direct.href, host };
  });
}

/** An address without its credentials. */
export function nameOf(url: string): string {
  const parsed = new URL(url);
  parsed.username = '';
  parsed.password = '';
  return parsed.href;
}
