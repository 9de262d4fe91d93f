/** What a plan file pins of an object on the source: its UID, and its content other than status. Of a Secret no hash, only the resourceVersion. */
import { createHash } from 'node:crypto';
import type { Cluster, KubeObject } from '../../cluster/cluster.ts';
import { keyOf, type Key } from '../../graph/ref.ts';
import type { Content } from '../../plan/file.ts';
import type { Item } from '../../plan/plan.ts';
import { canonical } from './json.ts';
import { normalise, ownersOf } from './normalise.ts';
import { kindOf, placesOf, readObjects } from './read.ts';
import { kindsOf, namespacesFor } from './sides.ts';
import { isSecret, type ViewOptions } from './views.ts';

/** Hexadecimal digits of a hash that are kept: 64 bits tell a change from none. */
const DIGITS = 16;

/** One list per kind; what is gone is not in it. @throws ApiFailure */
export async function contentsOf(cluster: Cluster, items: readonly Item[], o: ViewOptions): Promise<Map<Key, Content>> {
  const wanted = new Set(items.map(({ key }) => key));
  const listed = kindsOf(items);
  const found = new Map<Key, Content>();
  await readObjects(cluster, {
    listed,
    places: placesOf(listed),
    namespaces: namespacesFor(items, o.namespaces),
    comparison: 'copy',
    hmac: () => '',
    keep: (key) => wanted.has(key),
    see: (object, ref) => void found.set(keyOf(ref), contentOf(object, ref)),
    refused: (_kind, status) => (status === 404 ? undefined : 'throw'),
    signal: o.signal,
  });
  return found;
}

/** Hashes per group of fields, so that what changed can be named: metadata, owners, and every field at the top but status. */
export function contentOf(object: KubeObject, ref: Parameters<typeof isSecret>[0]): Content {
  const { uid = '', resourceVersion = '', ownerReferences = [] } = object.metadata;
  if (isSecret(ref)) return { uid, resourceVersion };
  const { metadata, ...fields } = normalise(object, kindOf(ref), 'copy');
  const { name: _name, namespace: _namespace, ...rest } = metadata;
  const groups: Readonly<Record<string, unknown>> = {
    metadata: rest,
    owners: ownersOf(ownerReferences, 'copy'),
    ...fields,
    status: undefined,
  };
  const hashed = Object.entries(groups).filter(([, value]) => !isEmpty(value));
  return { uid, content: Object.fromEntries(hashed.map(([name, value]) => [name, short(canonical(value))] as const).sort()) };
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}

function short(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, DIGITS);
}
