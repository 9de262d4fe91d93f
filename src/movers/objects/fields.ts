/** Which fields an answer has otherwise than what was sent: paths only, never values. Pure. */
import type { KubeObject } from '../../cluster/cluster.ts';
import type { KindDescription } from '../../kinds/kind.ts';
import { removeAt } from '../../kinds/paths.ts';
import type { FieldChange } from '../../plan/rehearsal.ts';
import { canonical, clone, isFields } from './json.ts';
import { isCopied, SERVER_OWNED } from './normalise.ts';

/** At most so many per object. */
const LIMIT = 50;
const SERVERS = new Set<string>(SERVER_OWNED.map((field) => `metadata.${field}`));
const NAMED = new Set(['metadata.labels', 'metadata.annotations']);

/**
 * Fields dropped, added or changed on the way through admission and schema, arrays as `[]`. What the API server owns does
 * not count, nor does metadata that says nothing (`finalizers: []`). A status counts where it was sent.
 */
export function changedFields(sent: KubeObject, answered: KubeObject): FieldChange[] {
  const found = new Map<string, FieldChange>();
  const tell = (change: FieldChange['change'], path: string): void => {
    if (found.size < LIMIT) found.set(`${change} ${path}`, { change, path });
  };
  const walk = (was: unknown, is: unknown, path: string): void => {
    // Labels and annotations are told by name, even where there were none before.
    const [from, to] = NAMED.has(path) ? [was ?? {}, is ?? {}] : [was, is];
    if (SERVERS.has(path) || (path === 'status' && from === undefined)) return;
    if (isFields(from) && isFields(to)) {
      for (const name of new Set([...Object.keys(from), ...Object.keys(to)]))
        walk(from[name], to[name], path === '' ? name : `${path}.${name}`);
    } else if (Array.isArray(from) && Array.isArray(to) && from.length === to.length) {
      from.forEach((entry, at) => walk(entry, to[at], `${path}[]`));
    } else {
      const change = changeOf(from, to, path.startsWith('metadata.') ? isEmpty : isMissing);
      if (change !== undefined) tell(change, path);
    }
  };
  walk(sent, answered, '');
  return [...found.values()];
}

const ANNOTATIONS = 'metadata.annotations.';

/** Those of them that the comparison of both sides would stop at, since the kind's description does not say to pass over them. */
export function comparedFields(sent: KubeObject, answered: KubeObject, kind: KindDescription): FieldChange[] {
  const bare = (object: KubeObject): KubeObject => {
    if (kind.ignore.length === 0) return object;
    const body = clone(object);
    for (const path of kind.ignore) removeAt(body, path);
    return body;
  };
  const counts = ({ change, path }: FieldChange): boolean =>
    change !== 'added' || !path.startsWith(ANNOTATIONS) || isCopied(path.slice(ANNOTATIONS.length), kind);
  return changedFields(bare(sent), bare(answered)).filter(counts);
}

function changeOf(from: unknown, to: unknown, isNothing: (value: unknown) => boolean): FieldChange['change'] | undefined {
  const [before, after] = [!isNothing(from), !isNothing(to)];
  if (before !== after) return before ? 'dropped' : 'added';
  return before && canonical(from) !== canonical(to) ? 'changed' : undefined;
}

function isMissing(value: unknown): boolean {
  return value === undefined;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return Array.isArray(value) ? value.length === 0 : isFields(value) && Object.keys(value).length === 0;
}

/** Warnings about what stands on the source in the same way, and has not hindered anybody there. */
export function isIdle(warning: string): boolean {
  return /^metadata\.finalizers: .*prefer a domain-qualified finalizer name/.test(warning);
}

/** A warning that names a field which the schema does not know: `unknown field "spec.rack[2].unit"`. */
export function unknownField(warning: string): FieldChange | undefined {
  const [, path] = /^unknown field "(.+)"$/.exec(warning) ?? [];
  return path === undefined ? undefined : { change: 'dropped', path: path.replaceAll(/\[\d+\]/g, '[]') };
}
