/** Fills this mover's part of the facts, read only: kinds, namespaces and objects of both sides, what moves, what stays. */
import type { Cluster, KubeObject } from '../../cluster/cluster.ts';
import { hasStatus, type ResourceId } from '../../cluster/cluster.ts';
import { blocked } from '../../errors.ts';
import { groupResource, keyOf, type Access, type Key, type ObjectRef } from '../../graph/ref.ts';
import { addedKinds } from '../../kinds/added.ts';
import { strayNamespaces } from '../../kinds/namespaces.ts';
import type { KindFact, NamespaceFact } from '../../plan/facts.ts';
import type { Finding } from '../../plan/plan.ts';
import type { DiscoverContext, FactsBuilder } from '../mover.ts';
import { CRDS, NAMESPACES, listedKinds, placesOf, readKinds, readNamespaces, readObjects, type Kinds, type Listed } from './read.ts';
import { survey, withOwners } from './survey.ts';

export async function discover(c: DiscoverContext): Promise<void> {
  const { source, ...others } = c.clusters;
  if (source === undefined) return;
  const roles = Object.entries(c.clusters);
  const read = await Promise.all(
    roles.map(async ([role, cluster]) => [role, await readFrame(cluster, builderOf(c, role), c.signal)] as const),
  );
  refuseBlind(roles.flatMap(([role]) => builderOf(c, role).denied));
  const frames = new Map(read);
  const own = frames.get('source') ?? { kinds: new Map(), schemas: new Map() };
  const [other] = Object.keys(others);
  await readSource(source, c, own, other === undefined ? undefined : frames.get(other));
  for (const [role, { others: more }] of frames) noteFollowed(builderOf(c, role), more, c);
  const kinds = builderOf(c, 'source').kinds;
  await Promise.all(Object.entries(others).map(([role, cluster]) => readOther(cluster, builderOf(c, role), c, kinds)));
  await tellWhereElse(source, c);
}

function builderOf(c: DiscoverContext, role: string): FactsBuilder {
  const builder = c.facts[role];
  if (builder === undefined) throw new Error(`There are no facts for ${role}.`);
  return builder;
}

async function readFrame(cluster: Cluster, builder: FactsBuilder, signal: AbortSignal): Promise<Kinds> {
  const noted = <T>(reading: Promise<T>, resource: ResourceId, nothing: T): Promise<T> =>
    reading.catch((error: unknown) => {
      if (!hasStatus(error, 403)) throw error;
      builder.denied.push({ role: cluster.role, verb: 'list', group: resource.group, resource: resource.resource });
      return nothing;
    });
  const [kinds, namespaces] = await Promise.all([
    noted(readKinds(cluster, signal), CRDS, { kinds: new Map(), schemas: new Map() }),
    noted(readNamespaces(cluster, signal), NAMESPACES, new Map<string, NamespaceFact>()),
  ]);
  for (const [id, kind] of kinds.kinds) builder.kinds.set(id, kind);
  for (const [name, namespace] of namespaces) builder.namespaces.set(name, namespace);
  return kinds;
}

/** An owner that was followed may be of a kind that does not move by itself: from then on it is one of those that matter. */
function noteFollowed(builder: FactsBuilder, others: Kinds['others'], c: DiscoverContext): void {
  for (const key of c.scope.keys()) {
    const id = key.slice(0, key.indexOf('/'));
    const kind = builder.kinds.has(id) ? undefined : others?.get(id);
    if (kind !== undefined) builder.kinds.set(id, kind);
  }
}

/** Without the kinds and namespaces of both sides nothing can be judged: every finding would be a wrong one. @throws MigrateError `access/denied` (4) */
function refuseBlind(denied: readonly Access[]): void {
  if (denied.length === 0) return;
  const lists = denied.map((access) => `${groupResource(access)} on the ${access.role}`);
  throw blocked('access/denied', `You may not list ${lists.join(', ')}: nothing can be judged without.`, {
    subjects: denied.map((access) => `${access.role}/${groupResource(access)}`),
    next: lists.map((list) => `Grant list on ${list.replace(' on the ', ' to your user on the ')}.`),
  });
}

async function readSource(source: Cluster, c: DiscoverContext, own: Kinds, target: Kinds | undefined): Promise<void> {
  const builder = builderOf(c, 'source');
  const found = await survey(source, own, {
    namespaces: c.options.namespaces,
    comparison: 'copy',
    hmac: (text) => c.hmac(text),
    ...(target === undefined ? {} : { target }),
    ...(c.options.scoping === undefined ? {} : { scoping: c.options.scoping }),
    refused: (kind, status) => refused(kind, status, 'source', c),
    ...strayWatch(builder, c),
    signal: c.signal,
  });
  for (const [key, fact] of found.objects) builder.objects.set(key, fact);
  for (const [resource, paths] of found.pruned) builder.pruned.set(resource, paths);
  for (const [key, why] of found.scope) c.scope.set(key, why);
  c.named?.push(...found.named);
  c.left.push(...found.left);
}

/** Of objects that go into a namespace of another name: where they say the present one in a way that nobody has described. */
function strayWatch(
  builder: FactsBuilder,
  { options: { scoping } }: DiscoverContext,
): { see?: (object: KubeObject, ref: ObjectRef) => void } {
  const { toNamespace, namespaces: [from] = [] } = scoping ?? {};
  if (from === undefined || toNamespace === undefined || toNamespace === from) return {};
  return {
    see: (object, ref) => {
      const paths = strayNamespaces(object, ref, from);
      if (paths.length > 0) builder.stray.set(keyOf(ref), paths);
    },
  };
}

/** On the other side only what may meet ours: objects of the same kinds in the same version, of Secrets and ConfigMaps those of the same name. */
async function readOther(cluster: Cluster, builder: FactsBuilder, c: DiscoverContext, kinds: ReadonlyMap<string, KindFact>): Promise<void> {
  const listed = listedKinds(kinds);
  const served = listed.filter((kind) => kind.group === '' || serves(builder.kinds, kind));
  const core = new Set(listed.filter((kind) => kind.group === '').map(groupResource));
  const objects = await readObjects(cluster, {
    listed: served,
    places: placesOf(listed),
    namespaces: alsoOf(c.options.namespaces, c.scope.keys()),
    comparison: 'copy',
    hmac: (text) => c.hmac(text),
    keep: (key) => c.scope.has(key) || c.options.reversing?.originals.has(key) === true || !core.has(key.slice(0, key.indexOf('/'))),
    refused: (kind, status) => refused(kind, status, cluster.role, c),
    signal: c.signal,
  });
  for (const [key, fact] of withOwners(objects, 'copy', (key) => c.scope.has(key))) builder.objects.set(key, fact);
}

/** The namespaces of these keys too, where namespaces narrow at all. */
function alsoOf(namespaces: readonly string[], keys: Iterable<Key>): string[] {
  if (namespaces.length === 0) return [];
  const more = [...keys].map((key) => key.split('/')[1] ?? '').filter((namespace) => namespace !== '');
  return [...new Set([...namespaces, ...more])];
}

export function serves(kinds: ReadonlyMap<string, KindFact>, kind: Pick<Listed, 'group' | 'resource' | 'version'>): boolean {
  return kinds.get(groupResource(kind))?.versions.some((version) => version.name === kind.version && version.served) === true;
}

function refused(kind: Listed, status: number, role: string, c: DiscoverContext): undefined {
  const { group, resource } = kind;
  const name = groupResource(kind);
  if (status === 404) {
    c.findings.push({
      rule: 'objects/unserved',
      level: 'block',
      subject: name,
      sentence: `The ${role} does not serve ${name} in ${kind.version}, though its definition says so.`,
      fix: `kubectl get --raw /apis/${group}/${kind.version}`,
    });
    return;
  }
  builderOf(c, role).denied.push({ role, verb: 'list', group, resource });
}

/** Nothing in the namespaces that were asked for: says which ones have something. */
async function tellWhereElse(source: Cluster, c: DiscoverContext): Promise<void> {
  if (c.scope.size > 0) return;
  const asked = c.options.namespaces;
  const found = asked.length === 0 ? [] : await namespacesWithRoots(source, builderOf(c, 'source').kinds, c.signal);
  const where = asked.length === 0 ? 'the source' : `namespace ${asked.join(', ')}`;
  const elsewhere = found.length === 0 ? '' : ` Objects to move are in: ${found.join(', ')}.`;
  c.findings.push({
    rule: 'scope/empty',
    level: 'block',
    subject: asked.join(',') || 'source',
    sentence: `Nothing to move in ${where}.${elsewhere}`,
    ...(found[0] === undefined ? {} : { fix: `-n ${found.join(',')}` }),
    absolute: true,
  } satisfies Finding);
}

/** Namespaces that have a Cluster, a host or an added root, in order. */
export async function namespacesWithRoots(source: Cluster, kinds: ReadonlyMap<string, KindFact>, signal: AbortSignal): Promise<string[]> {
  const added = addedKinds().filter(({ root }) => root);
  const roots = ['clusters.cluster.x-k8s.io', 'baremetalhosts.metal3.io', ...added.map(groupResource)];
  const found = new Set<string>();
  for (const kind of listedKinds(kinds).filter((listed) => roots.includes(groupResource(listed)))) {
    try {
      for await (const { metadata } of source.list(kind, { metadataOnly: true, signal }))
        if (metadata.namespace !== undefined) found.add(metadata.namespace);
    } catch (error) {
      if (!hasStatus(error, 403, 404)) throw error; // may be read in one namespace only: then nobody can say where else
    }
  }
  return [...found].sort();
}
