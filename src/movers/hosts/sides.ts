/** A host on both sides: its copy on the target, its original on the source, the version of the target's BMC Secret, and how it stood. */
import type { Cluster, KubeObject } from '../../cluster/cluster.ts';
import type { Access, Key } from '../../graph/ref.ts';
import { scalarAt } from '../../kinds/paths.ts';
import type { StepContext } from '../../plan/action.ts';
import type { Item, Step } from '../../plan/plan.ts';
import { formerOf, itemAccess, readItems } from '../marked.ts';
import { asBaseline, baselineOf } from './host.ts';
import type { Baseline } from './host.ts';

export interface Side {
  readonly copy?: KubeObject;
  readonly original?: KubeObject;
  readonly secretVersion?: string;
  /** From the journal once the host is released; before, and where the journal says nothing, from the original, which is frozen. */
  readonly was?: Baseline;
}

/** Parts `to` and `from` of the step. One list of hosts per side, one of the Secrets' metadata; the source's only as long as it has something to tell. */
export async function readSides(items: readonly Item[], c: StepContext<Cluster>): Promise<ReadonlyMap<Key, Side>> {
  const copies = await readItems(c.cluster('to'), items);
  const asked = items.filter(({ key }) => {
    const copy = copies.get(key);
    return (copy !== undefined && formerOf(copy, c.run) !== undefined) || journaled(key, c) === undefined;
  });
  const originals = await readItems(c.cluster('from'), asked);
  const secrets = await secretVersions(c.cluster('to'), [...copies.values()]);
  return new Map(
    items.map(({ key }) => {
      const copy = copies.get(key);
      const original = originals.get(key);
      const secretVersion = copy && secrets.get(secretOf(copy));
      const was = original === undefined ? journaled(key, c) : baselineOf(original);
      const side: Side = {
        ...(copy !== undefined && { copy }),
        ...(original !== undefined && { original }),
        ...(secretVersion !== undefined && { secretVersion }),
        ...(was !== undefined && { was }),
      };
      return [key, side] as const;
    }),
  );
}

/** How a host stood when it was released, by whichever step released it. */
export function journaled(key: Key, c: StepContext<Cluster>): Baseline | undefined {
  const steps = c.plan.steps.filter(({ mover, action }) => mover === 'hosts' && action === 'release').map(({ id }) => id);
  for (const id of new Set([c.step.id, ...steps])) {
    const was = asBaseline(c.former(id, key)) ?? asBaseline(c.outcome(id, key)?.data);
    if (was !== undefined) return was;
  }
  return undefined;
}

export function sidesAccess(items: readonly Item[], step: Step, write?: 'patch'): readonly Access[] {
  const namespaces = [...new Set(items.map(({ ref }) => ref?.namespace ?? ''))];
  return [
    ...itemAccess(items, step, 'to', write),
    ...itemAccess(items, step, 'from'),
    ...namespaces.map((namespace) => ({ role: step.roles['to'] ?? '', verb: 'list', group: '', resource: 'secrets', namespace })),
  ];
}

/** `namespace/name` of its BMC Secret. */
function secretOf(host: KubeObject): string {
  return `${host.metadata.namespace ?? ''}/${String(scalarAt(host, 'spec.bmc.credentialsName') ?? '')}`;
}

/** Metadata only: no value of a Secret is read. */
async function secretVersions(cluster: Cluster, hosts: readonly KubeObject[]): Promise<ReadonlyMap<string, string>> {
  const versions = new Map<string, string>();
  const namespaces = new Set(hosts.map(({ metadata }) => metadata.namespace ?? ''));
  for (const namespace of namespaces) {
    const secrets = cluster.list({ group: '', version: 'v1', resource: 'secrets' }, { namespace, metadataOnly: true });
    for await (const { metadata } of secrets) versions.set(`${namespace}/${metadata.name}`, metadata.resourceVersion ?? '');
  }
  return versions;
}
