import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { type Dispatcher, EnvHttpProxyAgent } from 'undici';
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
    'Hosts that are reached without the proxy: names, `.suffixes`, `host:port`, with commas between, or `*`; also `no_proxy`',
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

/** What sends requests by these settings; undefined where nothing special is set. Throws a ConfigError when the CA file cannot be used. */
export function outboundDispatcher(config: OutboundConfig): Dispatcher | undefined {
  const { HTTPS_PROXY: httpsProxy = '', HTTP_PROXY: httpProxy = '', NO_PROXY: noProxy = '', OUTBOUND_CA_FILE } = config;
  if (!httpsProxy && !httpProxy && OUTBOUND_CA_FILE === undefined) return undefined;
  const tls = OUTBOUND_CA_FILE === undefined ? {} : { ca: [...rootCertificates, authorities(OUTBOUND_CA_FILE)] };
  // Empty texts keep undici from reading the environment of the process by itself.
  return new EnvHttpProxyAgent({ httpProxy, httpsProxy, noProxy, connect: tls, requestTls: tls, proxyTls: tls });
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
