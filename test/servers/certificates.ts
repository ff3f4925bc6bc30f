import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from './available.ts';

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** A certificate with its key, as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Makes certificates in a folder with OpenSSL. */
export function certificatesIn(folder: string) {
  const openssl = (...args: string[]) =>
    void execFileSync(findProgram('openssl') ?? '', args, { cwd: folder, stdio: 'ignore' });
  const read = (name: string): Certificate => ({
    cert: readFileSync(join(folder, `${name}.crt`), 'utf8'),
    key: readFileSync(join(folder, `${name}.key`), 'utf8'),
  });
  return {
    /** A certificate authority. */
    authority(name: string): Certificate {
      const subject = ['-subj', `/CN=${name}`, '-addext', 'basicConstraints=critical,CA:TRUE', '-days', '2'];
      openssl('req', '-x509', ...NEW_KEY, ...subject, '-keyout', `${name}.key`, '-out', `${name}.crt`);
      return read(name);
    },
    /** A certificate for some names, such as `IP:127.0.0.1`, signed by an authority of this folder. */
    signed(name: string, by: string, names: string): Certificate {
      openssl('req', ...NEW_KEY, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
      writeFileSync(join(folder, `${name}.ext`), `basicConstraints=CA:FALSE\nsubjectAltName=${names}\n`);
      const signer = ['-CA', `${by}.crt`, '-CAkey', `${by}.key`, '-CAcreateserial', '-days', '2'];
      openssl('x509', '-req', '-in', `${name}.csr`, ...signer, '-extfile', `${name}.ext`, '-out', `${name}.crt`);
      return read(name);
    },
  };
}
