/** What the table of objects does not tell of the hosts: those outside of the scope, and acts that annotations still ask for. Read only. */
import { hasStatus } from '../../cluster/cluster.ts';
import type { KubeObject } from '../../cluster/cluster.ts';
import { keyOf } from '../../graph/ref.ts';
import { HOST_DETACHED, HOST_PAUSED } from '../../kinds/names.ts';
import type { Finding } from '../../plan/plan.ts';
import type { DiscoverContext } from '../mover.ts';
import { HOSTS } from './host.ts';

export async function discover(c: DiscoverContext): Promise<void> {
  const cluster = c.clusters['source'];
  if (cluster === undefined) return;
  // Only a pivot stops controllers, and with them what they do for hosts that stay.
  const stops = c.options.runbook !== 'move-objects';
  if (!stops && ![...c.scope.keys()].some((key) => key.startsWith(`${HOSTS.resource}.${HOSTS.group}/`))) return;
  try {
    for await (const host of cluster.list(HOSTS, { metadataOnly: true })) {
      const { name, namespace = '' } = host.metadata;
      const inScope = c.scope.has(keyOf({ ...HOSTS, namespace, name }));
      const finding = inScope ? pending(host, cluster.context) : stops ? outside(host, c.options.namespaces) : undefined;
      if (finding !== undefined) c.findings.push(finding);
    }
  } catch (error) {
    // Without the CRD there are no hosts.
    if (!hasStatus(error, 403, 404)) throw error;
    // Read everywhere, however narrow the scope: hosts out of sight may be served by the controllers that must stop.
    if (error.status === 403)
      c.facts['source']?.denied.push({ role: 'source', verb: 'list', group: HOSTS.group, resource: HOSTS.resource });
  }
}

/** Ironic and BMO serve all hosts of a cluster: stopping them for some stops them for all. */
function outside({ metadata }: KubeObject, namespaces: readonly string[]): Finding | undefined {
  const annotations = metadata.annotations ?? {};
  if (namespaces.length === 0 || HOST_PAUSED in annotations || HOST_DETACHED in annotations) return undefined;
  const subject = `${metadata.namespace ?? ''}/${metadata.name}`;
  return {
    rule: 'hosts/outside',
    level: 'block',
    subject,
    sentence: `BareMetalHost ${subject} is outside of the scope, but served by the controllers that must stop`,
    fix: `add -n ${metadata.namespace ?? ''}, or pause it: kubectl annotate baremetalhost ${metadata.name} -n ${metadata.namespace ?? ''} ${HOST_PAUSED}=`,
  };
}

const REBOOT = 'reboot.metal3.io';
const INSPECT = 'inspect.metal3.io';

/** Copied annotations are acted upon again: reboots (with or without a client's name), a new inspection, hardware details to be read in. */
function pending({ metadata }: KubeObject, context: string): Finding | undefined {
  const found = Object.entries(metadata.annotations ?? {})
    .filter(([name, value]) => isOf(name, REBOOT) || (isOf(name, INSPECT) && value !== 'disabled'))
    .map(([name]) => name);
  if (found.length === 0) return undefined;
  const subject = `${metadata.namespace ?? ''}/${metadata.name}`;
  return {
    rule: 'hosts/pending-annotation',
    level: 'block',
    subject,
    sentence: `BareMetalHost ${subject} asks for an act that the target would carry out again: ${found.join(', ')}`,
    fix: `kubectl --context ${context} -n ${metadata.namespace ?? ''} annotate baremetalhost ${metadata.name} ${found.map((name) => `${name}-`).join(' ')}`,
  };
}

function isOf(annotation: string, name: string): boolean {
  return annotation === name || annotation.startsWith(`${name}/`);
}
