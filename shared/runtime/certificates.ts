import { X509Certificate } from 'node:crypto';
import { RUNTIME_ERRORS } from '../errors/runtime-errors.ts';
import type { EpochMs } from '../grid/units.ts';
import type { Logger } from './logger.ts';

/** A certificate in use: of a server or client, or an authority that the other side is checked with. */
export interface UsedCertificate {
  /** What it is used for, as logs and metrics name it: `server`, `client-ca`, `redis-client`, `database-ca`. */
  readonly certificate: string;
  /** The subject, in one line. */
  readonly name: string;
  readonly notAfter: EpochMs;
}

/** Called with the certificate that a server presents, at each handshake. */
export type OnCertificate = (used: UsedCertificate) => void;

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** All certificates of a PEM file; throws when OpenSSL does not accept one. */
export function certificatesIn(pem: Buffer, certificate: string): UsedCertificate[] {
  return [...pem.toString('latin1').matchAll(PEM)].map(([text]) =>
    usedCertificate(new X509Certificate(text), certificate),
  );
}

/** A certificate with what it is used for. */
export function usedCertificate(
  { subject, validToDate }: Pick<X509Certificate, 'subject' | 'validToDate'>,
  certificate: string,
): UsedCertificate {
  return { certificate, name: subject.replaceAll('\n', ', '), notAfter: validToDate.getTime() };
}

const DAY_MS = 86_400_000;
/** A certificate that expires sooner is warned of. */
const SOON_MS = 7 * DAY_MS;

/** Makes the function that warns of certificates that have expired or will within seven days: once for each, and once more when it has. */
export function createExpiryWarnings(logger: Logger): (used: readonly UsedCertificate[], now: EpochMs) => void {
  const warned = new Set<string>();
  return (used, now) => {
    for (const { certificate, name, notAfter } of used) {
      if (notAfter - now >= SOON_MS) continue;
      const code = notAfter > now ? 'CERTIFICATE_EXPIRES' : 'CERTIFICATE_EXPIRED';
      const key = `${code} ${certificate} ${name} ${notAfter}`;
      if (warned.has(key)) continue;
      warned.add(key);
      const fields = { code, certificate, subject: name, notAfter: new Date(notAfter).toISOString() };
      if (code === 'CERTIFICATE_EXPIRES') logger.warn(fields, RUNTIME_ERRORS.CERTIFICATE_EXPIRES.message);
      else logger.error(fields, RUNTIME_ERRORS.CERTIFICATE_EXPIRED.message);
    }
  };
}
