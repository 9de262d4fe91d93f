/** The published comparisons, written again for tests, so that the product is not checked with itself: what may differ is listed here and nowhere else. */
import type { Snapshot } from '../fixtures/index.ts';

type Fields = Record<string, unknown>;
interface Obj {
  readonly kind: string;
  readonly metadata: Fields & {
    readonly name: string;
    readonly uid?: string;
    readonly annotations?: Record<string, string>;
    readonly ownerReferences?: readonly Fields[];
  };
  readonly status?: Fields;
  readonly spec?: Fields;
}

/** Annotations of those who pause, and ours. */
const PAUSING = [
  'baremetalhost.metal3.io/paused',
  'baremetalhost.metal3.io/status',
  'clusterctl.cluster.x-k8s.io/block-move',
  'cluster.x-k8s.io/paused',
];
/** Seen on the real CAPM3: a paused Cluster rewrites these on its Metal3Machines. */
const PAUSED_MACHINE = ['Paused', 'AssociateBareMetalHost', 'AssociateBMH', 'Ready'];
const SERVER_SET = ['uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields', 'namespace', 'name'];

/** A copy without what the API server sets, what pausing writes, and what `more` takes out. Owner references keep everything but the UID. */
function bare(object: Obj, more: (copy: Fields & Obj) => void): Fields {
  const copy = structuredClone(object) as Fields & Obj;
  const metadata = copy.metadata as Fields & { annotations?: Record<string, string> };
  for (const field of SERVER_SET) Reflect.deleteProperty(metadata, field);
  metadata['ownerReferences'] = (object.metadata.ownerReferences ?? []).map(({ uid: _uid, ...rest }) => rest);
  const user = object.metadata.annotations?.['baremetalhost.metal3.io/paused'];
  const kept = Object.entries(metadata.annotations ?? {}).filter(([key]) => !key.startsWith('kubectl-migrate/') && !PAUSING.includes(key));
  metadata.annotations = Object.fromEntries(kept);
  if (user !== undefined && !['metal3.io/capm3', 'kubectl-migrate'].includes(user)) metadata.annotations['user-paused'] = user;
  dropPausedConditions(object.kind, copy.status);
  more(copy);
  return copy;
}

/** Conditions and stamps that controllers write when they are paused and unpaused. */
function dropPausedConditions(kind: string, status: Fields | undefined): void {
  if (status === undefined) return;
  for (const field of ['observedGeneration', 'lastUpdated']) Reflect.deleteProperty(status, field);
  const conditions = status['conditions'] as { type: string }[] | undefined;
  if (conditions === undefined) return;
  const paused = kind === 'Metal3Machine' ? PAUSED_MACHINE : ['Paused'];
  const kept = conditions
    .filter(({ type }) => !paused.includes(type))
    .map((condition) => ({ ...condition, observedGeneration: undefined }));
  if (kept.length === 0) Reflect.deleteProperty(status, 'conditions');
  else status['conditions'] = kept;
}

/** What adoption changes on a host: seen on the real baremetal-operator. */
function dropAdopted(copy: Fields & Obj): void {
  if (copy.kind !== 'BareMetalHost') return;
  const { status, spec } = copy;
  Reflect.deleteProperty(spec ?? {}, 'architecture');
  Reflect.deleteProperty(status?.['provisioning'] ?? {}, 'ID');
  Reflect.deleteProperty(status?.['operationHistory'] ?? {}, 'register');
  for (const credentials of ['goodCredentials', 'triedCredentials'])
    Reflect.deleteProperty(status?.[credentials] ?? {}, 'credentialsVersion');
}

/** What each comparison leaves out besides what pausing writes. `held`: originals that stand marked. */
const COMPARISONS = {
  'after-release': dropAdopted,
  rollback: (): void => undefined,
  held: ({ spec }: Fields & Obj): void => void Reflect.deleteProperty(spec ?? {}, 'paused'),
} as const;

/** Names of objects that differ, with both sides cut short; empty = equal. */
export function differences(before: Snapshot, after: Snapshot, comparison: keyof typeof COMPARISONS): string[] {
  const more = COMPARISONS[comparison];
  const found: string[] = [];
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [a, b] = [before.get(key), after.get(key)];
    if (a === undefined || b === undefined) {
      found.push(`${key}: only ${a === undefined ? 'after' : 'before'}`);
      continue;
    }
    const [left, right] = [stable(bare(a as unknown as Obj, more)), stable(bare(b as unknown as Obj, more))];
    if (left !== right) found.push(`${key}: ${firstDifference(left, right)}`);
  }
  return found.length > 8 ? [...found.slice(0, 8), `and ${found.length - 8} more`] : found;
}

/** Owner references that name nobody alive in the same snapshot. */
export function danglingOwners(of: Snapshot): string[] {
  const uids = new Set([...of.values()].map((object) => (object as unknown as Obj).metadata.uid));
  return [...of].flatMap(([key, object]) =>
    ((object as unknown as Obj).metadata.ownerReferences ?? [])
      .filter((owner) => !uids.has(owner['uid'] as string))
      .map((owner) => `${key} -> ${String(owner['kind'])}/${String(owner['name'])}`),
  );
}

/** Objects that still carry a mark of ours or of a pause that no user asked for. */
export function marked(of: Snapshot): string[] {
  return [...of].flatMap(([key, object]) => {
    const { metadata, spec } = object as unknown as Obj;
    const annotations = metadata.annotations ?? {};
    const ours = Object.entries(annotations).some(
      ([name, value]) =>
        name === 'kubectl-migrate/former' || (PAUSING.includes(name) && ['kubectl-migrate', 'metal3.io/capm3'].includes(value)),
    );
    return ours || (object.kind === 'Cluster' && spec?.['paused'] === true) ? [key] : [];
  });
}

/** JSON with sorted keys; undefined fields dropped, large integers as text. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === 'bigint') return `${inner}n`;
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function firstDifference(a: string, b: string): string {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  const from = Math.max(0, at - 60);
  return `…${a.slice(from, at + 80)} | …${b.slice(from, at + 80)}`;
}
