/**
 * The form of a saved object: clusterctl's, so that either reads what the other wrote. JSON, status in it, no mark of ours. What clusterctl unpauses once it has read
 * a directory (Clusters, ClusterClasses) is paused in its file; whose pause that is says `managedFields`: nobody owns one that only a save put there. Pure.
 */
import type { KubeObject, ManagedField } from '../../cluster/cluster.ts';
import { stringify } from '../../cluster/json.ts';
import { groupOf } from '../../graph/ref.ts';
import { describe } from '../../kinds/describe.ts';
import type { Hold } from '../../kinds/kind.ts';
import { clearField, scalarAt, setField } from '../../kinds/paths.ts';
import { FORMER, PREFIX, decodeFormer } from '../../plan/marks.ts';
import { isOurEntry } from '../marked.ts';

type Place = Extract<Hold, { readonly by: 'field' | 'annotation' }>;

/** The text of a file. */
export function savedText(object: KubeObject): string {
  return `${stringify(savedBody(object))}\n`;
}

/** What an object says in its file: as its user has it, but paused where clusterctl's own would be. */
export function savedBody(object: KubeObject): KubeObject {
  const body = copyOf(object);
  const place = placeOf(body);
  const former = decodeFormer(body.metadata.annotations?.[FORMER]);
  if (place !== undefined && former !== undefined) setPause(body, place, isUnpausedByClusterctl(body) ? pausedAs(place) : former.value);
  const { managedFields } = body.metadata;
  if (managedFields !== undefined) body.metadata.managedFields = managedFields.filter((entry) => !isOurEntry(entry));
  keepAnnotations(body, (name) => !name.startsWith(PREFIX));
  return body;
}

/** Takes off the pause that saving put there, ours and clusterctl's. What somebody owns is its user's, and stays. */
export function asItsUserHadIt(saved: KubeObject): KubeObject {
  const place = placeOf(saved);
  if (place === undefined || !isUnpausedByClusterctl(saved) || isOwned(saved.metadata.managedFields ?? [], place)) return saved;
  const body = copyOf(saved);
  setPause(body, place, null);
  return body;
}

/** clusterctl's own writes, and ours. */
function isSavers(entry: ManagedField): boolean {
  return isOurEntry(entry) || entry.manager === 'clusterctl';
}

function isOwned(entries: readonly ManagedField[], place: Place): boolean {
  const path = place.by === 'field' ? place.path.split('.') : ['metadata', 'annotations', place.name];
  return entries.some((entry) => {
    let at: unknown = entry['fieldsV1'];
    for (const name of path) at = (at as Readonly<Record<string, unknown>> | null | undefined)?.[`f:${name}`];
    return at !== undefined && !isSavers(entry);
  });
}

function isUnpausedByClusterctl({ apiVersion, kind }: KubeObject): boolean {
  return groupOf(apiVersion) === 'cluster.x-k8s.io' && (kind === 'Cluster' || kind === 'ClusterClass');
}

function placeOf({ apiVersion, kind }: KubeObject): Place | undefined {
  const { hold } = describe(groupOf(apiVersion), kind);
  return hold.by === 'field' || hold.by === 'annotation' ? hold : undefined;
}

function pausedAs(place: Place): boolean | string {
  return place.by === 'field' ? true : (place.value ?? '');
}

function setPause(body: KubeObject, place: Place, value: unknown): void {
  if (place.by === 'field') {
    if (typeof value === 'boolean') setField(body, place.path, value);
    else if (scalarAt(body, place.path) !== undefined) clearField(body, place.path);
    return;
  }
  const { name } = place;
  if (typeof value === 'string') body.metadata.annotations = { ...body.metadata.annotations, [name]: value };
  else keepAnnotations(body, (one) => one !== name);
}

function keepAnnotations({ metadata }: KubeObject, keep: (name: string) => boolean): void {
  if (metadata.annotations === undefined) return;
  const kept = Object.entries(metadata.annotations).filter(([name]) => keep(name));
  if (kept.length > 0) metadata.annotations = Object.fromEntries(kept);
  else delete metadata.annotations;
}

/** New where this room writes, the same below: numbers must not be respelled. */
function copyOf(object: KubeObject): KubeObject {
  const place = placeOf(object);
  const [top = ''] = place?.by === 'field' ? place.path.split('.') : [];
  const inner = object[top];
  return {
    ...object,
    metadata: { ...object.metadata },
    ...(typeof inner === 'object' && inner !== null && top !== '' ? { [top]: { ...inner } } : {}),
  };
}
