/** When credentials ended, read from themselves: a server only ever says "Unauthorized". */
import { X509Certificate } from 'node:crypto';

import type { Identity } from './credentials.ts';
import { isFields } from './kubeconfig.ts';

/** "the token expired on 2026-11-21T10:00:00Z"; undefined when they say nothing of the kind. */
export function expiryOf(identity: Identity, now: number = Date.now()): string | undefined {
  const authorization = identity.headers['Authorization'];
  if (typeof authorization === 'string') return sentence('token', tokenEnd(authorization), now);
  return identity.tls.cert === undefined ? undefined : sentence('client certificate', certificateEnd(identity.tls.cert), now);
}

function sentence(what: string, end: number | undefined, now: number): string | undefined {
  return end === undefined || end > now ? undefined : `the ${what} expired on ${new Date(end).toISOString().replace(/\.\d+Z$/, 'Z')}`;
}

function tokenEnd(authorization: string): number | undefined {
  const payload = authorization.replace(/^Bearer /, '').split('.')[1];
  if (payload === undefined) return undefined;
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as unknown;
    return isFields(claims) && typeof claims['exp'] === 'number' ? claims['exp'] * 1000 : undefined;
  } catch {
    return undefined;
  }
}

function certificateEnd(pem: Buffer | string): number | undefined {
  try {
    return Date.parse(new X509Certificate(pem).validTo);
  } catch {
    return undefined;
  }
}
