/**
 * `objects.reviewed`: the source as it is now against what people reviewed: UID, membership, content other than status. Read only. What our own marks and
 * those of controllers that follow a pause change is no content, so it says the same before the freeze and after it.
 */
import type { Cluster } from '../../../cluster/cluster.ts';
import { EXIT, MigrateError } from '../../../errors.ts';
import { keyOf, title, type Key, type ObjectRef } from '../../../graph/ref.ts';
import type { Action } from '../../../plan/action.ts';
import { isAllowed } from '../../../plan/allow.ts';
import { DRIFT_RULE, driftIn, type Drift } from '../../../plan/drift.ts';
import type { Content, FileItem } from '../../../plan/file.ts';
import type { Facts, ObjectFact } from '../../../plan/facts.ts';
import type { Item, Step } from '../../../plan/plan.ts';
import { contentOf } from '../contents.ts';
import { accessTo, type Context } from '../known.ts';
import { objectsOf } from '../sets.ts';
import { readSource } from '../sides.ts';
import { isSecret } from '../views.ts';

/** So many are named in the sentence; all of them are its subjects. */
const NAMED = 5;

/** An object that drifted, by the name that `--allow` takes. */
interface Drifted extends Drift {
  readonly name: string;
}

export function reviewed(): Action<Cluster> {
  const told = new Set<string>();
  return {
    probe: () => Promise.resolve(new Map()),
    async find(c) {
      const planned = c.items(c.step.set);
      const drift = await driftFrom(planned, c);
      const open = drift.filter(({ name }) => !isAllowed(c.plan.allow, DRIFT_RULE, name));
      if (open.length > 0) throw drifted(open, c);
      for (const one of drift) {
        const sentence = `${saidOf(one)} since it was reviewed; accepted`;
        if (!told.has(sentence)) c.warn(sentence);
        told.add(sentence);
      }
      const [yields] = c.step.yields ?? [];
      return yields === undefined ? {} : { [yields]: drift.map(accepted) };
    },
    access: (items, step) => accessTo(items, step, 'from', ['list']),
  };
}

/** @param planned what stands in a review: `vars.content`, and the `hash` of a Secret under the run's key */
async function driftFrom(planned: readonly Item[], c: Context): Promise<Drifted[]> {
  const contents = new Map<Key, Content>();
  const facts = await readSource(c, 'from', 'copy', (object, ref) => void contents.set(keyOf(ref), contentOf(object, ref)));
  const refs = new Map<Key, ObjectRef>(planned.flatMap(({ key, ref }) => (ref === undefined ? [] : [[key, ref]])));
  const standing = inScope(facts);
  for (const { key, ref } of standing) refs.set(key, ref);
  const now = standing.map((fact) => lineOf(fact, fact, contents.get(fact.key)?.content));
  const then = planned.map((item) => lineOf(item, item.ref, item.vars?.['content'] as Content['content']));
  return driftIn('objects', then, now).map((one) => ({ ...one, name: nameOf(refs.get(one.key), one.key) }));
}

function inScope(facts: Facts): ObjectFact[] {
  const objects = objectsOf(facts);
  return [...facts.scope.keys()].flatMap((key) => objects.get(key) ?? []);
}

/** Both sides in the form of a plan file's line. Of a Secret the hash under the run's key, which no file has: a mark of ours on it is no drift. */
function lineOf(
  { key, uid, hash }: Pick<Item, 'key' | 'uid' | 'hash'>,
  of: ObjectRef | ObjectFact | undefined,
  content: Content['content'] | undefined,
): FileItem {
  const ref = of !== undefined && 'ref' in of ? of.ref : of;
  const value = ref !== undefined && isSecret(ref) ? { value: hash ?? '' } : (content ?? {});
  return { key, why: '', as: {}, ...(uid === undefined ? {} : { uid }), content: value };
}

function nameOf(ref: ObjectRef | undefined, key: Key): string {
  return ref === undefined ? key : title(ref);
}

const WORDS: Readonly<Record<Drift['what'], string>> = { new: 'came', gone: 'went', recreated: 'was made anew', changed: 'changed' };

function saidOf({ name, what, details }: Drifted): string {
  return `${name} ${WORDS[what]}${details.length === 0 ? '' : ` (${details.join(', ')})`}`;
}

function accepted({ name, key, what, details }: Drifted): Item {
  return {
    key,
    owners: [],
    why: saidOf({ name, what, details, key, set: 'objects' }),
    vars: { what, details },
  };
}

/** Before the first write nothing has to be gone on with: the file is applied anew, as it would be in the beginning. */
function drifted(open: readonly Drifted[], c: Context): MigrateError {
  const { file } = c.step.params as { readonly file: string };
  const more = open.length > NAMED ? ` and ${open.length - NAMED} more` : '';
  const names = open.length > 3 ? [''] : open.map(({ name }) => `=${name.split(' ').at(-1) ?? name}`);
  const resume = `kubectl migrate resume ${c.run}${names.map((name) => ` --allow ${DRIFT_RULE}${name}`).join('')}`;
  const begun = hasWritten(c);
  const sentence = `No longer as ${file} says: ${open.slice(0, NAMED).map(saidOf).join(', ')}${more}.`;
  return new MigrateError('plan-file/drift', begun ? EXIT.partial : EXIT.blocked, sentence, {
    subjects: open.map(({ name }) => name),
    next: [begun ? resume : `kubectl migrate apply ${file} --accept-drift`],
  });
}

function hasWritten(c: Context): boolean {
  const wrote = ({ id, set }: Step): boolean => c.items(set).some(({ key }) => c.outcome(id, key) !== undefined);
  return c.plan.steps.some((step) => step.stands?.until !== 'end' && wrote(step));
}
