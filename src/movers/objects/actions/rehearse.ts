/** `objects.rehearse`, `objects.rehearse-namespaces`: what copying would send, sent once with `dryRun=All`; the outcome's data is the verdict. Writes nothing. */
import { hasStatus, isApiFailure, isUnreachable, type Cluster, type KubeObject, type WriteOptions } from '../../../cluster/cluster.ts';
import { groupResource, type Key, type ObjectRef } from '../../../graph/ref.ts';
import type { Action, After } from '../../../plan/action.ts';
import { managerOf } from '../../../plan/marks.ts';
import type { Item } from '../../../plan/plan.ts';
import type { FieldChange, Verdict } from '../../../plan/rehearsal.ts';
import { hasStatus as saysStatus, statusBody, wantsNet } from '../body.ts';
import { Bodies } from '../bodies.ts';
import { comparedFields, isIdle, unknownField } from '../fields.ts';
import { accessTo, standingItems, type Context } from '../known.ts';
import { OtherSide } from '../owners.ts';
import { Quotas } from '../quotas.ts';
import { foreignCause, refusal, silentWebhook, unrehearsed, verdictOn } from '../refusal.ts';
import { kindOf } from '../read.ts';
import { readItems } from '../sides.ts';
import { withCopiesUids } from '../uids.ts';
import { bodyFor, hasSubresource, meeting, mergingPatch, refOf, type Writing } from '../write.ts';
import { copyAccess, withItems } from './copy.ts';
import { namespaceBody } from './namespaces.ts';

/** A webhook that did not answer so often for a kind is not asked again: each may cost its whole time-out. */
const SILENCES = 20;

/** Every object as it would be copied. Owners that are not on the target yet get a UID that stands in for theirs. */
export function rehearse(): Action<Cluster> {
  const other = new OtherSide();
  const bodies = new Bodies();
  let all: ReadonlyMap<Key, Item> = new Map();
  let there: ReadonlySet<Key> = new Set();
  let scene: Scene | undefined;
  return {
    async probe(items, c) {
      all = withItems(standingItems(c), items);
      const found = await readItems(c.cluster('to'), all, c);
      there = new Set(found.keys());
      let n = 0;
      for (const key of all.keys()) other.set(key, found.get(key)?.uid ?? standIn(++n));
      return new Map(items.map(({ key }) => [key, { state: there.has(key) ? 'todo' : 'absent' }]));
    },
    async prepare(items, c) {
      const quotas = new Quotas(c.cluster('to'));
      await Promise.all([bodies.fill(items, c.cluster('from'), c), quotas.read(c)]);
      scene = new Scene(c, quotas);
    },
    async apply(item, _seen, c) {
      const original = await bodies.take(item, c.cluster('from'), c);
      if (original === undefined || original.metadata.uid !== item.uid || original.metadata.deletionTimestamp !== undefined)
        return outcome(GONE);
      const mapped = withCopiesUids(original, item, all, (key) => other.uids.get(key));
      const w = { c, to: c.cluster('to'), other, items: all };
      const on = scene ?? new Scene(c, new Quotas(w.to));
      const create = async (say: Say): Promise<Verdict> => on.withRoom(item, await post(item, mapped, w, say));
      return outcome(await on.judge(item, there.has(item.key) ? (say) => meet(item, mapped, w, say) : create));
    },
    finish: () => {
      bodies.clear();
      return Promise.resolve();
    },
    access: (items, step) => copyAccess(items, step),
  };
}

/** The namespaces that copying would make. */
export function rehearseNamespaces(): Action<Cluster> {
  return {
    probe: (items) => Promise.resolve(new Map(items.map(({ key }) => [key, { state: 'absent' }]))),
    async apply(item, _seen, c) {
      const to = c.cluster('to');
      const ref = refOf(item);
      const make = async (say: Say): Promise<Verdict> => {
        await to.create(ref, await namespaceBody(ref, c), dry(c, say));
        return { result: 'accepted' };
      };
      return outcome(await new Scene(c, new Quotas(to)).judge(item, make));
    },
    access: (items, step) => [...accessTo(items, step, 'from', ['get']), ...accessTo(items, step, 'to', ['create'])],
  };
}

const GONE: Verdict = unrehearsed({
  id: 'gone',
  by: 'source',
  sentence: 'gone from the source, made anew or being deleted since it was found',
  fix: 'rehearse again',
});

function outcome(verdict: Verdict): After {
  return { verb: verdict.result === 'unrehearsed' ? 'not rehearsed' : verdict.result, data: verdict };
}

/** A UID that no object has; another one for each, since two references may not name the same owner twice. */
function standIn(n: number): string {
  return `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

type Say = Pick<WriteOptions, 'warned' | 'retry'>;

function dry(c: Context, say: Say): WriteOptions {
  return { ...say, dryRun: true, fieldValidation: 'Warn', fieldManager: managerOf(c.run), signal: c.signal };
}

/** What all objects of one rehearsal share: room in quotas, and webhooks that do not answer. */
class Scene {
  readonly #c: Context;
  readonly #quotas: Quotas;
  readonly #awaited: ReadonlySet<string>;
  /** How often a webhook did not answer, by `resource.group`. */
  readonly #silences = new Map<string, { readonly webhook: string; count: number }>();

  constructor(c: Context, quotas: Quotas) {
    this.#c = c;
    this.#quotas = quotas;
    const { awaited } = c.step.params;
    this.#awaited = new Set(Array.isArray(awaited) ? awaited.map(String) : []);
  }

  /** Sends, and makes a verdict of whatever comes of it. @throws MigrateError when the server is away */
  async judge(item: Item, send: (say: Say) => Promise<Verdict>): Promise<Verdict> {
    const ref = refOf(item);
    const silence = this.#silences.get(groupResource(ref));
    if (silence !== undefined && silence.count >= SILENCES) return notAsked(silence.webhook);
    const warnings = new Set<string>();
    const verdict = await this.#sent(ref, send, (warning) => warnings.add(warning));
    return withWarnings(verdict, [...warnings]);
  }

  /** What would be created, beside all that would be created before it. */
  withRoom(item: Item, verdict: Verdict): Verdict {
    const full = this.#quotas.take(refOf(item));
    return full === undefined ? verdict : { ...verdict, ...refusal(full) };
  }

  /** At once, and again with patience where the server was only busy: a webhook that is away will not come by waiting. */
  async #sent(ref: ObjectRef, send: (say: Say) => Promise<Verdict>, warned: (warning: string) => void): Promise<Verdict> {
    try {
      return await send({ warned, retry: false }).catch(async (error: unknown) => {
        const passing = isUnreachable(error) || (hasStatus(error, 429, 500, 502, 503, 504) && silentWebhook(error) === undefined);
        if (!passing) throw error;
        return await send({ warned });
      });
    } catch (error) {
      if (!isApiFailure(error)) throw error;
      this.#listen(groupResource(ref), silentWebhook(error));
      return verdictOn(error, { ref, door: this.#c.cluster('to'), awaited: this.#awaited });
    }
  }

  #listen(resource: string, webhook: string | undefined): void {
    if (webhook === undefined) return;
    const known = this.#silences.get(resource);
    if (known === undefined) this.#silences.set(resource, { webhook, count: 1 });
    else known.count++;
  }
}

function notAsked(webhook: string): Verdict {
  const sentence = `webhook ${webhook} did not answer for the first ${SILENCES} of their kind, so the others were not sent`;
  return unrehearsed({ id: `not asked ${webhook}`, by: 'webhook', sentence });
}

/** What the server calls an unknown field is a dropped one; an answer shows it by itself. */
function withWarnings(verdict: Verdict, all: readonly string[]): Verdict {
  if (all.length === 0) return verdict;
  const known = new Map((verdict.fields ?? []).map((field) => [`${field.change} ${field.path}`, field]));
  const warnings: string[] = [];
  for (const warning of all) {
    const field = unknownField(warning);
    if (field === undefined && !isIdle(warning)) warnings.push(warning);
    if (field !== undefined) known.set(`${field.change} ${field.path}`, field);
  }
  return { ...verdict, ...(known.size === 0 ? {} : { fields: [...known.values()] }), ...(warnings.length === 0 ? {} : { warnings }) };
}

/** As `make` in write.ts does it, the second try without the status annotation included. */
async function post(item: Item, original: KubeObject, w: Writing, say: Say): Promise<Verdict> {
  const net = wantsNet(refOf(item));
  try {
    return await postOnce(item, original, w, say, net);
  } catch (error) {
    if (!net || !hasStatus(error, 400, 403, 422)) throw error;
    return await postOnce(item, original, w, say, false);
  }
}

async function postOnce(item: Item, original: KubeObject, w: Writing, say: Say, net: boolean): Promise<Verdict> {
  const ref = refOf(item);
  const body = await bodyFor(item, original, w, net);
  const fields = comparedFields(body, await w.to.create(ref, body, dry(w.c, say)), kindOf(ref));
  return { result: 'accepted', fields, statusApart: saysStatus(original) && (await hasSubresource(ref, w)) };
}

/** Something of that name stands there: what becomes of it is decided as in a run. */
async function meet(item: Item, original: KubeObject, w: Writing, say: Say): Promise<Verdict> {
  const ref = refOf(item);
  const standing = await w.to.get(ref, { signal: w.c.signal });
  if (standing === undefined) return await post(item, original, w, say);
  switch (meeting(item, original, standing, w.c)) {
    case 'keep':
    case 'keep-as-is':
      return { result: 'kept' };
    case 'foreign':
      return refusal(foreignCause(ref));
    case 'merge': {
      const patch = await mergingPatch(item, original, standing, w);
      if (patch === undefined) return { result: 'kept' };
      await w.to.patch(ref, patch, dry(w.c, say));
      return { result: 'accepted' };
    }
    case 'write':
      return { result: 'accepted', fields: await overwrite(item, original, standing, w, say) };
  }
}

/** PUT, and since the object stands there, the PUT of its status too. */
async function overwrite(item: Item, original: KubeObject, standing: KubeObject, w: Writing, say: Say): Promise<FieldChange[]> {
  const ref = refOf(item);
  const body = await bodyFor(item, original, w, false);
  const { uid, resourceVersion } = standing.metadata;
  body.metadata = {
    ...body.metadata,
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  const fields = comparedFields(body, await w.to.replace(ref, body, dry(w.c, say)), kindOf(ref));
  if (!saysStatus(original) || !(await hasSubresource(ref, w))) return fields;
  const sent = statusBody(standing, ref, original['status']);
  const answered = await w.to.replace(ref, sent, { ...dry(w.c, say), subresource: 'status' });
  const statusOf = (object: KubeObject): KubeObject => ({ ...object, spec: undefined, metadata: { name: ref.name } });
  return [...fields, ...comparedFields(statusOf(sent), statusOf(answered), kindOf(ref))];
}
