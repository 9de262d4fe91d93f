// Issues the X.509 certificates of a plane. node:crypto signs but cannot issue, and openssl is not on every machine, so the little
// DER that a version 3 certificate needs is written here: ECDSA P-256 keys, SHA-256 signatures, one certificate authority per plane.
import { createPrivateKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

/** A certificate and its private key, both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** What a leaf certificate says: subject (CN, O...), and the addresses it serves (none for a client). */
export interface LeafOptions {
  readonly commonName: string;
  readonly organizations?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly ips?: readonly string[];
}

/** A certificate authority that can issue. */
export interface Authority extends KeyPair {
  issue(options: LeafOptions): KeyPair;
}

const TAG = { boolean: 0x01, integer: 0x02, bits: 0x03, octets: 0x04, oid: 0x06, utf8: 0x0c, time: 0x18, sequence: 0x30, set: 0x31 };
const OID = {
  ecdsaWithSha256: '2a8648ce3d040302',
  commonName: '550403',
  organization: '55040a',
  keyUsage: '551d0f',
  alternativeNames: '551d11',
  basicConstraints: '551d13',
  extendedKeyUsage: '551d25',
  serverAuth: '2b06010505070301',
  clientAuth: '2b06010505070302',
};
const AUTHORITY_NAME = 'sandbox';
const YEAR_MS = 365 * 24 * 3600 * 1000;

function der(tag: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const digits = body.length.toString(16);
  const length = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body]);
}

const sequence = (...parts: Buffer[]): Buffer => der(TAG.sequence, ...parts);
const oid = (hex: string): Buffer => der(TAG.oid, Buffer.from(hex, 'hex'));
const signatureAlgorithm = sequence(oid(OID.ecdsaWithSha256));

function distinguishedName(commonName: string, organizations: readonly string[] = []): Buffer {
  const attribute = (type: string, value: string): Buffer => der(TAG.set, sequence(oid(type), der(TAG.utf8, Buffer.from(value))));
  return sequence(...organizations.map((o) => attribute(OID.organization, o)), attribute(OID.commonName, commonName));
}

function extension(type: string, value: Buffer, critical: boolean): Buffer {
  return sequence(oid(type), ...(critical ? [der(TAG.boolean, Buffer.from([0xff]))] : []), der(TAG.octets, value));
}

function generalizedTime(at: number): Buffer {
  return der(TAG.time, Buffer.from(`${new Date(at).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`));
}

/** Signs one certificate; `issuer` is the issuing name, `extensions` the finished extension list. */
function certificate(subject: Buffer, subjectKey: KeyObject, issuer: Buffer, issuerKey: KeyObject, extensions: Buffer[]): string {
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x3f) | 0x40; // positive and without a leading zero, as DER wants it
  const body = sequence(
    der(0xa0, der(TAG.integer, Buffer.from([2]))),
    der(TAG.integer, serial),
    signatureAlgorithm,
    issuer,
    sequence(generalizedTime(Date.now() - 3600_000), generalizedTime(Date.now() + 10 * YEAR_MS)),
    subject,
    subjectKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = der(TAG.bits, Buffer.from([0]), sign('sha256', body, issuerKey));
  return pem(sequence(body, signatureAlgorithm, signature));
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function keys(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function pkcs8(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** A private key for signing service account tokens. PEM in SEC 1 form: kube-apiserver reads the public half only out of that. */
export function signingKey(): string {
  return keys().privateKey.export({ type: 'sec1', format: 'pem' }).toString();
}

function alternativeNames(o: LeafOptions): Buffer[] {
  const names = [
    ...(o.dnsNames ?? []).map((name) => der(0x82, Buffer.from(name))),
    ...(o.ips ?? []).map((ip) => der(0x87, Buffer.from(ip.split('.').map(Number)))),
  ];
  return names.length === 0 ? [] : [extension(OID.alternativeNames, sequence(...names), false)];
}

/** A new certificate authority for one plane. */
export function createAuthority(): Authority {
  const { publicKey, privateKey } = keys();
  const name = distinguishedName(AUTHORITY_NAME);
  const isAuthority = extension(OID.basicConstraints, sequence(der(TAG.boolean, Buffer.from([0xff]))), true);
  const maySign = extension(OID.keyUsage, der(TAG.bits, Buffer.from([1, 0x86])), true); // digitalSignature, keyCertSign, cRLSign
  return openAuthority({ certificate: certificate(name, publicKey, name, privateKey, [isAuthority, maySign]), key: pkcs8(privateKey) });
}

/** The authority whose certificate and key these are. What it issues is good for ten years, for servers (IPv4, DNS names) and clients. */
export function openAuthority(authority: KeyPair): Authority {
  const usage = extension(OID.extendedKeyUsage, sequence(oid(OID.serverAuth), oid(OID.clientAuth)), false);
  const issuer = { name: distinguishedName(AUTHORITY_NAME), key: createPrivateKey(authority.key) };
  return {
    ...authority,
    issue: (o) => {
      const leaf = keys();
      const subject = distinguishedName(o.commonName, o.organizations);
      const extensions = [usage, ...alternativeNames(o)];
      return { certificate: certificate(subject, leaf.publicKey, issuer.name, issuer.key, extensions), key: pkcs8(leaf.privateKey) };
    },
  };
}
