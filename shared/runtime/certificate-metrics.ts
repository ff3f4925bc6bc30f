import { Gauge, type Registry } from 'prom-client';
import type { UsedCertificate } from './certificates.ts';

/** When the certificates of a process expire, as a metric. */
export interface CertificateMetrics {
  /** Replaces the certificates of one origin. Of several with one use and subject the first to expire counts. */
  replace(origin: string, used: readonly UsedCertificate[]): void;
}

/** Makes the metric of a process. */
export function createCertificateMetrics(process: 'extender' | 'poller', registers: Registry[]): CertificateMetrics {
  const port = process === 'extender' ? 'of EXTENDER_PORT (server, client-ca) and ' : '';
  const expiry = new Gauge({
    name: `carbon_${process}_certificate_expiry_timestamp_seconds`,
    help: `When each certificate in use expires: those ${port}of connections to other servers, by the setting that names their file (such as redis-ca, redis-client, database-ca), and what servers presented at the newest connection (redis-server, redis-sentinel, database-server)`,
    labelNames: ['certificate', 'name'],
    registers,
  });
  const origins = new Map<string, readonly UsedCertificate[]>();
  return {
    replace(origin, used) {
      origins.set(origin, used);
      expiry.reset();
      const all = [...origins.values()].flat().sort((a, b) => b.notAfter - a.notAfter);
      for (const { certificate, name, notAfter } of all) expiry.set({ certificate, name }, notAfter / 1_000);
    },
  };
}
