// What a plane was asked, from its audit log.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { adminClient } from './client.ts';
import type { Plane } from './running-plane.ts';

/** One request that has been answered. `at` is when it came in (RFC 3339, microseconds). Resource fields are empty for other paths. */
export interface AuditEvent {
  readonly verb: string;
  readonly user: string;
  readonly uri: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly code: number;
  readonly dryRun: boolean;
  readonly userAgent: string;
  readonly at: string;
}

/** The part of an audit.k8s.io/v1 Event that is read here. */
interface Recorded {
  stage: string;
  verb: string;
  requestURI: string;
  user: { username: string };
  objectRef?: { resource?: string; subresource?: string; namespace?: string; name?: string };
  responseStatus?: { code?: number };
  userAgent?: string;
  requestReceivedTimestamp: string;
}

const SEEN_WITHIN_MS = 5000;

/** All answered requests so far, oldest answer first. Requests still open (watches) are not among them. Throws on a plane without audit. */
export async function auditEvents(plane: Plane): Promise<AuditEvent[]> {
  if (plane.auditLog === undefined) throw new Error(`plane ${plane.name} was started without an audit log`);
  const mark = `/version?sandbox=${randomBytes(8).toString('hex')}`;
  // An event is written after its answer: a request of our own that shows up in the log says that those before it have, too.
  const marked = await adminClient(plane)
    .request('GET', mark)
    .then(
      () => true,
      () => false, // the API server is down, and what it wrote is complete
    );
  const deadline = Date.now() + SEEN_WITHIN_MS;
  for (;;) {
    const events = parse(await readFile(plane.auditLog, 'utf8').catch(() => ''));
    if (!marked || events.some((event) => event.uri === mark)) return events.filter((event) => !event.uri.includes('/version?sandbox='));
    if (Date.now() > deadline)
      throw new Error(`the audit log of plane ${plane.name} does not show a request made ${SEEN_WITHIN_MS} ms ago`);
    await sleep(10);
  }
}

function parse(log: string): AuditEvent[] {
  const complete = log.slice(0, log.lastIndexOf('\n') + 1).split('\n');
  const recorded = complete.filter((line) => line !== '').map((line) => JSON.parse(line) as Recorded);
  return recorded.filter((event) => event.stage === 'ResponseComplete').map(toEvent);
}

function toEvent(event: Recorded): AuditEvent {
  const { resource = '', subresource = '', namespace = '', name = '' } = event.objectRef ?? {};
  return {
    verb: event.verb,
    user: event.user.username,
    uri: event.requestURI,
    resource,
    subresource,
    namespace,
    name,
    code: event.responseStatus?.code ?? 0,
    dryRun: new URL(event.requestURI, 'https://plane').searchParams.get('dryRun') === 'All',
    userAgent: event.userAgent ?? '',
    at: event.requestReceivedTimestamp,
  };
}
