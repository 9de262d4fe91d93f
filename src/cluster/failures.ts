/** Why a server could not be talked to, as a sentence that names side, context, server, cause, and what to type. */
import { delimiter } from 'node:path';

import { EXIT, MigrateError, messageOf } from '../errors.ts';
import type { Role } from '../graph/ref.ts';
import { quote, sideName } from './words.ts';

/** Which door an error is about. */
export interface Door {
  readonly role: Role;
  readonly context: string;
  readonly server: string;
  readonly kubeconfig: string;
  readonly cluster: string;
  readonly user: string;
}

/** Nothing was sent: the connection could not be made. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Worth another try: the server or the way to it may come back. A name that does not exist (ENOTFOUND) does not appear by itself. */
const PASSING: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'KM_TIMEOUT',
  'KM_GARBLED',
]);

const UNKNOWN_AUTHORITY: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
]);

/** No complete answer within the time for one request. */
export class RequestTimeout extends Error {
  readonly code = 'KM_TIMEOUT';
  constructor(milliseconds: number) {
    super(`no answer within ${milliseconds / 1000} s`);
    this.name = 'RequestTimeout';
  }
}

/** It answered, but not whole, or not as an API server does. */
export class GarbledAnswer extends Error {
  readonly code = 'KM_GARBLED';
  constructor() {
    super('what it answered is no JSON: it was cut off, or no Kubernetes API server answers there');
    this.name = 'GarbledAnswer';
  }
}

/** The error code of what a connection threw, '' when it has none. Errors of several addresses tried are one. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const code = (error as NodeJS.ErrnoException).code;
  if (typeof code === 'string') return code;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return error.cause === undefined ? '' : codeOf(error.cause);
}

/** May the server have carried the request out, though it did not answer? */
export function maybeSent(error: unknown): boolean {
  return !NEVER_SENT.has(codeOf(error)) && !isTls(error);
}

/** Is it worth another try? */
export function isPassing(error: unknown): boolean {
  const code = codeOf(error);
  return PASSING.has(code) || code.startsWith('HPE_');
}

function isTls(error: unknown): boolean {
  const code = codeOf(error);
  return (
    UNKNOWN_AUTHORITY.has(code) || code.startsWith('CERT_') || code.startsWith('ERR_TLS') || code.startsWith('ERR_SSL') || code === 'EPROTO'
  );
}

/**
 * The sentence for a connection that failed. Codes: `cluster/unreachable`, `cluster/timeout`, `cluster/dns`, `cluster/tls`.
 * Exit 1; whoever is in the middle of a run knows better and says so.
 */
export function connectionFailure(door: Door, error: unknown): MigrateError {
  const { name, why, next } = explain(door, error);
  return new MigrateError(`cluster/${name}`, EXIT.failed, `Cannot reach ${doorName(door)}: ${why}.`, {
    next,
    subjects: [door.role],
    cause: error,
  });
}

function explain(door: Door, error: unknown): { name: string; why: string; next: string[] } {
  const code = codeOf(error);
  const host = hostOf(door.server);
  const look = kubectl(door, 'cluster-info');
  if (code === 'ECONNREFUSED') return { name: 'unreachable', why: `connection refused; nothing listens on ${host.address}`, next: [look] };
  if (code === 'ENOTFOUND')
    return { name: 'dns', why: `the name ${host.name} is not known to DNS`, next: [`getent hosts ${host.name}`, look] };
  if (code === 'EAI_AGAIN') return { name: 'dns', why: `DNS does not answer for ${host.name}`, next: [`getent hosts ${host.name}`, look] };
  if (code === 'KM_TIMEOUT') return { name: 'timeout', why: messageOf(error), next: [look, 'Give it longer: --request-timeout 2m'] };
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT')
    return { name: 'timeout', why: `${host.address} does not answer`, next: [look] };
  if (UNKNOWN_AUTHORITY.has(code)) {
    const why = 'its certificate is signed by an authority that the kubeconfig does not know';
    return { name: 'tls', why, next: [`Put the right certificate-authority-data into cluster "${door.cluster}" of ${door.kubeconfig}`] };
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const why = `its certificate is not for ${host.name}`;
    return {
      name: 'tls',
      why,
      next: [`Set tls-server-name of cluster "${door.cluster}" in ${door.kubeconfig} to a name in the certificate`],
    };
  }
  if (code === 'CERT_HAS_EXPIRED') return { name: 'tls', why: `its certificate has expired${byOurClock()}`, next: ['date -u', look] };
  if (code === 'CERT_NOT_YET_VALID')
    return { name: 'tls', why: `its certificate is not valid yet${byOurClock()}`, next: ['date -u', look] };
  if (isTls(error)) return { name: 'tls', why: `no TLS connection: ${messageOf(error)}`, next: [look] };
  return { name: 'unreachable', why: messageOf(error) || code, next: [look] };
}

/** Which of the two is wrong, certificate or clock, only a person can tell. */
function byOurClock(): string {
  return `, says the clock of this machine (${new Date().toISOString().replace(/\.\d+Z$/, 'Z')})`;
}

/** `the source (context "kind-a", https://127.0.0.1:6443)`. */
export function doorName(door: Pick<Door, 'role' | 'context' | 'server'>): string {
  return `${sideName(door.role)} (context "${door.context}", ${door.server})`;
}

/** A kubectl command line that looks at the same cluster in the same way. */
export function kubectl(door: Pick<Door, 'kubeconfig' | 'context'>, command: string): string {
  const context = `--context ${quote(door.context)} ${command}`;
  // A list of files has no flag; kubectl takes it from the environment only.
  return door.kubeconfig.includes(delimiter)
    ? `KUBECONFIG=${quote(door.kubeconfig)} kubectl ${context}`
    : `kubectl --kubeconfig ${quote(door.kubeconfig)} ${context}`;
}

function hostOf(server: string): { name: string; address: string } {
  const url = new URL(server);
  return { name: url.hostname, address: `${url.hostname}:${url.port || (url.protocol === 'http:' ? '80' : '443')}` };
}
