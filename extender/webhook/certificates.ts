import { X509Certificate } from 'node:crypto';
import type { EpochMs } from '../../shared/grid/units.ts';
import type { Logger } from '../../shared/runtime/logger.ts';

/** A certificate in use: the server's own chain, or an authority that clients are checked with. */
export interface UsedCertificate {
  readonly certificate: 'server' | 'client-ca';
  /** The subject, in one line. */
  readonly name: string;
  readonly notAfter: EpochMs;
}

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** All certificates of a PEM file, whose text OpenSSL has accepted before. */
export function certificatesIn(pem: Buffer, certificate: UsedCertificate['certificate']): UsedCertificate[] {
  return [...pem.toString('latin1').matchAll(PEM)].map(([text]) => {
    const { subject, validToDate } = new X509Certificate(text);
    return { certificate, name: subject.replaceAll('\n', ', '), notAfter: validToDate.getTime() };
  });
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
      if (code === 'CERTIFICATE_EXPIRES') logger.warn(fields, 'a TLS certificate expires within seven days');
      else logger.error(fields, 'a TLS certificate has expired');
    }
  };
}
