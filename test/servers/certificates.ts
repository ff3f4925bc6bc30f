import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { available, findProgram } from './available.ts';

/** A user without rights, which servers of tests run as where the test is root. */
const NOBODY = 65_534;

/** How a person gets what these certificates are made with. */
export const opensslAvailable = (): boolean => available('openssl', 'apt-get install openssl');

function openssl(args: readonly string[]): void {
  execFileSync(findProgram('openssl') ?? 'openssl', args, { stdio: 'ignore' });
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Makes `NAME.crt` and `NAME.key` of an authority in a folder. */
export function makeAuthority(folder: string, name: string): void {
  const files = ['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.crt`)];
  openssl(['req', '-x509', ...EC, '-subj', `/CN=${name}`, '-days', '30', ...files]);
}

/** Makes `NAME.crt` and `NAME.key` of a server, signed by an authority of the folder; `host` such as `IP:127.0.0.1`. */
export function makeServerCertificate(folder: string, name: string, authority: string, host: string): void {
  const path = (file: string) => join(folder, file);
  openssl(['req', ...EC, '-subj', `/CN=${name}`, '-keyout', path(`${name}.key`), '-out', path(`${name}.csr`)]);
  writeFileSync(path(`${name}.ext`), `subjectAltName=${host}\n`);
  const signer = ['-CA', path(`${authority}.crt`), '-CAkey', path(`${authority}.key`), '-CAcreateserial'];
  const files = ['-in', path(`${name}.csr`), '-out', path(`${name}.crt`), '-extfile', path(`${name}.ext`)];
  openssl(['x509', '-req', '-days', '30', ...signer, ...files]);
  // PostgreSQL wants the key for itself.
  chmodSync(path(`${name}.key`), 0o600);
  if (process.getuid?.() === 0) for (const end of ['key', 'crt']) chownSync(path(`${name}.${end}`), NOBODY, NOBODY);
}
