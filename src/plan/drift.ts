/** What is no longer as a plan file says: UID, membership, content other than status, and how it would be treated. Pure. */
import type { FileItem, FileStep, PlanFile } from './file.ts';

/** What `--allow` lowers it by. */
export const DRIFT_RULE = 'plan-file/drift';

export interface Drift {
  /** Set it belongs to; `objects` = what moves. */
  readonly set: string;
  readonly key: string;
  readonly kind?: string;
  readonly what: 'new' | 'gone' | 'recreated' | 'changed';
  /** Of `changed`: groups of fields (`spec`, `metadata`, `owners`), or how it is treated (`replicas 1, was 0`). */
  readonly details: readonly string[];
}

/** @param now made of what stands there now, with the same options */
export function driftBetween(file: PlanFile, now: PlanFile): Drift[] {
  const sets = [...new Set([...Object.keys(file.sets), ...Object.keys(now.sets)])].sort();
  return [...driftIn('objects', file.objects, now.objects), ...sets.flatMap((id) => driftIn(id, file.sets[id] ?? [], now.sets[id] ?? []))];
}

/** Of one set: what is gone first, then what is new, made anew or changed, in the order in which it stands. */
export function driftIn(set: string, before: readonly FileItem[], after: readonly FileItem[]): Drift[] {
  const planned = new Map(before.map((item) => [item.key, item]));
  const standing = new Map(after.map((item) => [item.key, item]));
  const named = ({ key, kind }: FileItem): Pick<Drift, 'set' | 'key' | 'kind'> => ({ set, key, ...(kind === undefined ? {} : { kind }) });
  const gone = before.filter(({ key }) => !standing.has(key)).map((item): Drift => ({ ...named(item), what: 'gone', details: [] }));
  const others = after.flatMap((item): Drift[] => {
    const was = planned.get(item.key);
    if (was === undefined) return [{ ...named(item), what: 'new', details: [] }];
    if (was.uid !== item.uid) return [{ ...named(item), what: 'recreated', details: [] }];
    const details = [...changedContent(was, item), ...changedTreatment(was, item)];
    return details.length === 0 ? [] : [{ ...named(item), what: 'changed', details }];
  });
  return [...gone, ...others];
}

function changedContent(was: FileItem, is: FileItem): string[] {
  if (was.resourceVersion !== is.resourceVersion) return ['resourceVersion'];
  const version = was.version === is.version ? [] : [`version ${is.version ?? ''}, was ${was.version ?? ''}`];
  const names = new Set([...Object.keys(was.content ?? {}), ...Object.keys(is.content ?? {})]);
  return [...version, ...[...names].filter((name) => was.content?.[name] !== is.content?.[name]).sort()];
}

function changedTreatment(was: FileItem, is: FileItem): string[] {
  const names = new Set([...Object.keys(was.as), ...Object.keys(is.as)]);
  const told = (value: unknown): string => (value === undefined ? 'nothing' : typeof value === 'string' ? value : JSON.stringify(value));
  return [...names]
    .filter((name) => JSON.stringify(was.as[name]) !== JSON.stringify(is.as[name]))
    .sort()
    .map((name) => `${name} ${told(is.as[name])}, was ${told(was.as[name])}`);
}

/** The first step that is another; undefined = the same procedure. An edited option changes what a step does, and so does another version of the tool. */
export function otherSteps(file: PlanFile, now: PlanFile): string | undefined {
  const all = ({ phases }: PlanFile): FileStep[] => phases.flatMap(({ steps }) => steps);
  const [planned, standing] = [all(file), all(now)];
  for (let at = 0; at < Math.max(planned.length, standing.length); at++) {
    if (JSON.stringify(sorted(planned[at])) !== JSON.stringify(sorted(standing[at]))) return planned[at]?.id ?? standing[at]?.id ?? '';
  }
  return file.procedure === now.procedure ? undefined : 'procedure';
}

function sorted(step: FileStep | undefined): unknown {
  return step === undefined ? undefined : Object.entries(step).sort(([a], [b]) => (a < b ? -1 : 1));
}
