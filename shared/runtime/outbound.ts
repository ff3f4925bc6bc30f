import { readFileSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import { rootCertificates } from 'node:tls';
import { Agent, Dispatcher, EnvHttpProxyAgent } from 'undici';
import { z } from 'zod';
import { ConfigError, type Environment } from './config.ts';

/** Proxies are written in lower case too; the upper-case name wins. */
function proxySetting(name: string, description: string) {
  const implied = (env: Environment) => {
    const lower = env[name.toLowerCase()]?.trim();
    return lower && !env[name]?.trim() && !env[`${name}_FILE`]?.trim() ? { value: lower } : undefined;
  };
  return z
    .string()
    .optional()
    .meta({ implied, description, secret: name !== 'NO_PROXY' });
}

const proxyUrl = (name: string, description: string) =>
  proxySetting(name, description)
    .refine(
      (text) => text === undefined || /^https?:$/.test(URL.parse(text)?.protocol ?? ''),
      'is not an http or https address such as http://proxy.example:3128',
    )
    .meta(proxySetting(name, description).meta() ?? {});

/** How requests leave the cluster: to grid data providers, Slack and Prometheus. Never used for the Kubernetes API, kubelets and exporters. */
export const outboundSettings = {
  HTTPS_PROXY: proxyUrl(
    'HTTPS_PROXY',
    'Proxy for requests to https addresses of grid data providers, Slack and Prometheus; also `https_proxy`. Never used for the Kubernetes API and exporters',
  ),
  HTTP_PROXY: proxyUrl('HTTP_PROXY', 'Proxy for requests to http addresses; also `http_proxy`'),
  NO_PROXY: proxySetting(
    'NO_PROXY',
    'Hosts that are reached without the proxy: names, `.suffixes`, `host:port`, networks such as 10.0.0.0/8 for addresses, with commas between, or `*`; also `no_proxy`',
  ),
  OUTBOUND_CA_FILE: z
    .string()
    .optional()
    .describe(
      'PEM file with certificate authorities that are trusted beside the built-in ones, for a proxy that inspects TLS',
    ),
};

/** The values of {@link outboundSettings}. */
export type OutboundConfig = z.output<z.ZodObject<typeof outboundSettings>>;

/** What requests of one kind need beside the settings. */
export interface OutboundOptions {
  /** Further authority, in PEM form. */
  readonly ca?: string | undefined;
  /** Longest wait for a connection, in milliseconds. */
  readonly connectMs?: number;
}

/** What sends requests by these settings; undefined where nothing special is set. Throws a ConfigError when the CA file cannot be used. */
export function outboundDispatcher(config: OutboundConfig, options: OutboundOptions = {}): Dispatcher | undefined {
  const { HTTPS_PROXY: httpsProxy = '', HTTP_PROXY: httpProxy = '', NO_PROXY: noProxy = '', OUTBOUND_CA_FILE } = config;
  if (!httpsProxy && !httpProxy && OUTBOUND_CA_FILE === undefined) return undefined;
  const own = [
    ...(OUTBOUND_CA_FILE === undefined ? [] : [authorities(OUTBOUND_CA_FILE)]),
    ...(options.ca === undefined ? [] : [options.ca]),
  ];
  const tls = own.length === 0 ? {} : { ca: [...rootCertificates, ...own] };
  const connect = { ...tls, ...(options.connectMs !== undefined && { timeout: options.connectMs }) };
  const { networks, names } = noProxyEntries(noProxy);
  // Empty texts keep undici from reading the environment of the process by itself.
  const proxied = new EnvHttpProxyAgent({
    ...{ httpProxy, httpsProxy, noProxy: names },
    ...{ connect, requestTls: tls, proxyTls: tls },
  });
  return networks === undefined ? proxied : new PastNetworks(networks, new Agent({ connect }), proxied);
}

/** Networks of NO_PROXY, such as 10.0.0.0/8, and its other entries, which undici reads; no networks: undefined. */
function noProxyEntries(text: string): { readonly networks: BlockList | undefined; readonly names: string } {
  const networks = new BlockList();
  const names: string[] = [];
  for (const entry of text.split(/[,\s]+/)) {
    const [, address = '', bits = ''] = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(entry) ?? [];
    const family = isIP(address);
    if (family !== 0 && Number(bits) <= (family === 4 ? 32 : 128))
      networks.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
    else names.push(entry);
  }
  return { networks: networks.rules.length > 0 ? networks : undefined, names: names.join(',') };
}

/** Sends requests to addresses in some networks directly, and all others through a proxy. Names are not looked up, as curl and Go do not. */
class PastNetworks extends Dispatcher {
  readonly #networks: BlockList;
  readonly #direct: Dispatcher;
  readonly #proxied: Dispatcher;

  constructor(networks: BlockList, direct: Dispatcher, proxied: Dispatcher) {
    super();
    this.#networks = networks;
    this.#direct = direct;
    this.#proxied = proxied;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const host = new URL(String(options.origin)).hostname.replace(/^\[|\]$/g, '');
    const family = isIP(host);
    const isDirect = family !== 0 && this.#networks.check(host, family === 4 ? 'ipv4' : 'ipv6');
    return (isDirect ? this.#direct : this.#proxied).dispatch(options, handler);
  }

  override close(): Promise<void>;
  override close(callback: () => void): void;
  override close(callback?: () => void): Promise<void> | undefined {
    const closed = Promise.all([this.#direct.close(), this.#proxied.close()]).then(() => undefined);
    return callback === undefined ? closed : void closed.then(callback, callback);
  }

  override destroy(...given: unknown[]): Promise<void> {
    const callback = given.at(-1);
    const destroyed = Promise.all([this.#direct.destroy(), this.#proxied.destroy()]).then(() => undefined);
    return typeof callback === 'function' ? destroyed.finally(() => callback()) : destroyed;
  }
}

function authorities(file: string): string {
  const problem = (what: string) => new ConfigError('settings', [`OUTBOUND_CA_FILE: ${file} ${what}`]);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw problem(`cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw problem('has no certificate in PEM form');
  return text;
}
