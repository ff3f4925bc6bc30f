import { isIP } from 'node:net';
import { list } from './config.ts';

/** Names that no public DNS server can give to another machine: what a rebinding attack needs. */
const INSIDE = /^([^.]+|.+\.(localhost|local|internal|svc|cluster\.local))$/;

/** Names under which ports with data may be addressed. */
export const hostSettings = {
  ALLOWED_HOSTS: list()
    .default([])
    .describe(
      'Names in the Host header that the API serves beside addresses, names without a dot, localhost, *.local, *.internal, *.svc and *.cluster.local; * allows all',
    ),
};

/** The name in a Host header that is not one of this server, as after a rebinding; undefined when it is, or there is none, as with HTTP/1.0. */
export function foreignHost(host: string | undefined, allowed: readonly string[]): string | undefined {
  if (host === undefined || host === '') return undefined;
  const name = host
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
  const isOurs = isIP(name) !== 0 || INSIDE.test(name) || allowed.includes('*');
  return isOurs || allowed.some((each) => each.toLowerCase() === name) ? undefined : name;
}
