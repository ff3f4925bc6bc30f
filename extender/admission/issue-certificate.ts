// @peculiar/x509 injects its algorithms through this global.
import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { type EpochMs, HOUR_MS } from '../../shared/grid/units.ts';

/** A certificate with its private key, both as PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 24 * HOUR_MS;
/** A certificate is valid from an hour before now: clocks of two machines may differ. */
const BACKDATED_MS = HOUR_MS;

/** Makes a self-signed authority that may sign certificates for ten years. */
export async function issueAuthority(name: string, now: EpochMs): Promise<KeyPair> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...{ name: `CN=${name}`, keys, signingAlgorithm: ALGORITHM, ...validity(now, 3_650 * DAY_MS) },
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return { certificate: certificate.toString('pem'), key: await pemOf(keys.privateKey) };
}

/** Makes a server's certificate for some DNS names, signed by an authority, valid for 90 days. */
export async function issueServerCertificate(
  authority: KeyPair,
  dnsNames: readonly string[],
  now: EpochMs,
): Promise<KeyPair> {
  const [signer = new ArrayBuffer(0)] = PemConverter.decode(authority.key);
  const signingKey = await crypto.subtle.importKey('pkcs8', signer, ALGORITHM, false, ['sign']);
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.create({
    ...{ subject: `CN=${dnsNames[0]}`, issuer: new X509Certificate(authority.certificate).subject },
    ...{ publicKey: keys.publicKey, signingKey, signingAlgorithm: ALGORITHM, ...validity(now, 90 * DAY_MS) },
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(dnsNames.map((value) => ({ type: 'dns', value }))),
    ],
  });
  return { certificate: certificate.toString('pem'), key: await pemOf(keys.privateKey) };
}

function validity(now: EpochMs, lengthMs: number) {
  return { notBefore: new Date(now - BACKDATED_MS), notAfter: new Date(now + lengthMs) };
}

async function pemOf(key: Awaited<ReturnType<typeof crypto.subtle.importKey>>): Promise<string> {
  return PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}
