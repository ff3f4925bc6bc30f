import { readFile } from 'node:fs/promises';
import { certificatesIn, createExpiryWarnings, type OnCertificate, type UsedCertificate } from './certificates.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import { startLoop } from './loop.ts';

/** Settings that name PEM files of certificates, with what their certificates are called in logs and metrics. */
const SETTINGS = {
  REDIS_TLS_CA_FILE: 'redis-ca',
  REDIS_TLS_CERT_FILE: 'redis-client',
  OUTBOUND_CA_FILE: 'outbound-ca',
  EXPORTER_CA_FILE: 'exporter-ca',
  EXPORTER_CERT_FILE: 'exporter-client',
  PROMETHEUS_CA_FILE: 'prometheus-ca',
  KUBELET_CA_FILE: 'kubelet-ca',
} as const;
/** Parameters of TSDB_DSN that do so. */
const PARAMETERS = { sslrootcert: 'database-ca', sslcert: 'database-client' } as const;

/** The newest certificates that servers presented to the connections of a process. */
export interface PresentedCertificates {
  /** Takes the certificate of a handshake; it replaces the one before of the same use. */
  readonly add: OnCertificate;
  list(): readonly UsedCertificate[];
}

/** Makes a list of presented certificates, empty at first. */
export function presentedCertificates(): PresentedCertificates {
  const byUse = new Map<string, UsedCertificate>();
  return { add: (used) => void byUse.set(used.certificate, used), list: () => [...byUse.values()] };
}

/** How often the files are read, in milliseconds. */
const EVERY_MS = 60_000;
/** A file with more is a bundle of public authorities, of which a few have always expired. */
const BUNDLE = 20;

/** A PEM file whose certificates the connections of a process use. */
export interface CertificateFile {
  /** What the certificates are used for, see {@link UsedCertificate}. */
  readonly certificate: string;
  readonly file: string;
}

/** The files of certificates that the settings of a process name, those of the database within TSDB_DSN. */
export function certificateFiles(config: Readonly<Record<string, unknown>>): CertificateFile[] {
  const named = Object.entries(SETTINGS).map(([setting, certificate]) => ({ certificate, file: config[setting] }));
  const dsn = URL.parse(String(config.TSDB_DSN ?? ''))?.searchParams;
  const inDsn = Object.entries(PARAMETERS).map(([name, certificate]) => ({ certificate, file: dsn?.get(name) }));
  return [...named, ...inDsn].flatMap(({ certificate, file }) =>
    typeof file === 'string' && file !== '' ? [{ certificate, file }] : [],
  );
}

/** What {@link watchCertificateFiles} needs. */
export interface CertificateWatch {
  readonly files: readonly CertificateFile[];
  /** Certificates that servers presented. */
  readonly presented: PresentedCertificates;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called at the start and every minute with the certificates of all files, and those that servers presented. */
  readonly onCertificates: (used: readonly UsedCertificate[]) => void;
}

/**
 * Reads the files again and again, and warns of certificates that expire soon. A file that cannot be read is left out:
 * the connection that needs it reports that. The files are not checked, only dated.
 */
export function watchCertificateFiles({
  files,
  presented,
  clock,
  logger,
  onCertificates,
}: CertificateWatch): AsyncDisposable {
  const warnOfExpiry = createExpiryWarnings(logger);
  const task = async () => {
    const used = [...(await Promise.all(files.map(read))).flat(), ...presented.list()];
    onCertificates(used);
    warnOfExpiry(used, clock.now());
  };
  return startLoop({ name: 'certificate files', intervalMs: EVERY_MS, clock, logger, task });
}

async function read({ certificate, file }: CertificateFile): Promise<UsedCertificate[]> {
  try {
    const used = certificatesIn(await readFile(file), certificate);
    return used.length > BUNDLE ? [] : used;
  } catch {
    return [];
  }
}
