import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { type EpochMs, HOUR_MS } from '../../shared/grid/units.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import { KubernetesError } from '../../shared/runtime/kubernetes/kubernetes-error.ts';
import type { KeyPair } from './issue-certificate.ts';

/** What the admission webhook serves with, and what the API server checks it by; all PEM. */
export interface ServingCertificate {
  readonly server: KeyPair;
  /** The authority, and the one before it where there is one. */
  readonly authorities: string;
}

/** Where the certificate is kept, and which service it is for. */
export interface CertificateOptions {
  readonly client: KubernetesClient;
  readonly namespace: string;
  /** Name of the Secret and of the Service alike. */
  readonly name: string;
  readonly clock: Clock;
}

const DAY_MS = 24 * HOUR_MS;
/** A server's certificate is renewed when less than this is left of its 90 days, an authority a year before its end. */
const RENEW_MS = { server: 30 * DAY_MS, authority: 365 * DAY_MS };

const decoded = z.string().transform((text) => Buffer.from(text, 'base64').toString('utf8'));
const secretObject = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  data: z.partialRecord(z.enum(['ca.crt', 'ca.key', 'tls.crt', 'tls.key']), decoded).nullish(),
});
type Secret = z.output<typeof secretObject>;

/**
 * The certificate from its Secret; made anew and written there where it is missing, unreadable, for other names or near
 * its end. All replicas use the one that was written first. Rejects with a KubernetesError where the Secret is not allowed.
 */
export async function servingCertificate(options: CertificateOptions): Promise<ServingCertificate> {
  const { client, namespace, name, clock } = options;
  const collection = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`;
  const path = `${collection}/${encodeURIComponent(name)}`;
  const dnsNames = [`${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`];
  for (let attempt = 0; ; attempt++) {
    const secret = await read(client, path);
    const usable = secret && usableCertificate(secret, dnsNames, clock.now());
    if (usable) return usable;
    const { data, certificate } = await renewed(secret, dnsNames, clock.now());
    const body = { type: 'application/json', value: secretBody(options, data, secret) } as const;
    try {
      await client.request(secret ? 'PUT' : 'POST', secret ? path : collection, body);
      return certificate;
    } catch (error) {
      // Another replica was faster: its certificate is read.
      if (!(error instanceof KubernetesError && error.status === 409) || attempt > 2) throw error;
    }
  }
}

async function read(client: KubernetesClient, path: string): Promise<Secret | undefined> {
  try {
    return secretObject.parse(await client.request('GET', path));
  } catch (error) {
    if (error instanceof KubernetesError && error.status === 404) return undefined;
    throw error;
  }
}

function usableCertificate(
  { data }: Secret,
  dnsNames: readonly string[],
  now: EpochMs,
): ServingCertificate | undefined {
  const { 'ca.crt': authorities, 'tls.crt': certificate, 'tls.key': key } = data ?? {};
  if (!authorities || !certificate || !key || !usableAuthority(data, now)) return undefined;
  const parsed = parse(certificate);
  if (parsed === undefined || parsed.validToDate.getTime() - now < RENEW_MS.server) return undefined;
  if (!dnsNames.every((name) => parsed.checkHost(name))) return undefined;
  if (!parsed.verify(new X509Certificate(authorities).publicKey)) return undefined;
  return { server: { certificate, key }, authorities };
}

function usableAuthority(data: Secret['data'], now: EpochMs): KeyPair | undefined {
  const { 'ca.crt': certificate, 'ca.key': key } = data ?? {};
  const parsed = certificate === undefined ? undefined : parse(certificate);
  if (certificate === undefined || !key || parsed === undefined) return undefined;
  return parsed.validToDate.getTime() - now < RENEW_MS.authority ? undefined : { certificate, key };
}

async function renewed(secret: Secret | undefined, dnsNames: readonly string[], now: EpochMs) {
  // Only here: a process that serves with a certificate of another, or none, does without the library.
  const { issueAuthority, issueServerCertificate } = await import('./issue-certificate.ts');
  const kept = usableAuthority(secret?.data, now);
  const authority = kept ?? (await issueAuthority('carbon-extender admission webhook', now));
  const before = secret?.data?.['ca.crt'];
  // The one before stays trusted while other replicas still serve with it.
  const previous = kept === undefined && before !== undefined && parse(before) ? before : '';
  const authorities = kept?.certificate ?? [authority.certificate.trim(), previous.trim()].filter(Boolean).join('\n');
  const server = await issueServerCertificate({ ...authority, certificate: firstOf(authorities) }, dnsNames, now);
  const data = {
    ...{ 'ca.crt': authorities, 'ca.key': authority.key },
    ...{ 'tls.crt': server.certificate, 'tls.key': server.key },
  };
  return { data, certificate: { server, authorities } };
}

/** The first certificate of a PEM text. */
function firstOf(pem: string): string {
  const end = '-----END CERTIFICATE-----';
  return pem.slice(0, pem.indexOf(end) + end.length);
}

function parse(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function secretBody({ namespace, name }: CertificateOptions, data: Record<string, string>, before: Secret | undefined) {
  const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: {
      ...{ name, namespace, labels: { 'app.kubernetes.io/name': 'carbon-extender' } },
      ...(before && { resourceVersion: before.metadata.resourceVersion }),
    },
    data: Object.fromEntries(encoded),
  };
}
