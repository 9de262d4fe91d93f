/**
 * Letting writes pass the webhooks of controllers that are stopped: failurePolicy Fail becomes Ignore, the former policies stay on the configuration.
 * Webhooks that nothing of ours serves are left alone.
 */
import type { Cluster, KubeObject } from '../../../cluster/cluster.ts';
import type { Access } from '../../../graph/ref.ts';
import type { Action, Seen, StepContext } from '../../../plan/action.ts';
import type { Data, Item, Step } from '../../../plan/plan.ts';
import { WITHOUT_FORMER, afterOf, formerOf, patchAsRead, patchJustRead, refOf, withFormer } from '../../marked.ts';
import type { Change } from '../../marked.ts';
import { guardedBy, isFailClosed, webhooksOf } from '../webhooks.ts';
import type { Webhook } from '../webhooks.ts';

/** What a pivot stops, and whose webhooks then refuse everything. */
const STOPPED = 'bmo';

export function relaxAction(): Action<Cluster> {
  return {
    journalsBefore: true,
    probe: (items, c) => each(items.filter(isStopped), c, (object, item) => judgeRelaxed(object, item)),
    async apply(item, seen, c) {
      const written = await patchAsRead(c.cluster('at'), refOf(item), seen.saw as KubeObject, c, (object) => relaxed(object, item, c));
      return afterOf(written, 'relaxed');
    },
    undo: (item, c) => (isStopped(item) ? putBack(item, c) : Promise.resolve('nothing')),
    access,
  };
}

export function unrelaxAction(): Action<Cluster> {
  return {
    probe: (items, c) =>
      each(items.filter(isStopped), c, (object) =>
        formerOf(object, relaxedBy(c)) === undefined ? { state: 'done' } : { state: 'todo', saw: object },
      ),
    async apply(item, seen, c) {
      const written = await patchAsRead(c.cluster('at'), refOf(item), seen.saw as KubeObject, c, (object) =>
        restored(object, relaxedBy(c)),
      );
      return afterOf(written, 'restored');
    },
    access,
  };
}

/** A rollback after commit puts back what the run had relaxed that it takes back (`params.of`). */
function relaxedBy(c: StepContext<Cluster>): string {
  const { of } = c.step.params;
  return typeof of === 'string' ? of : c.run;
}

async function each(
  items: readonly Item[],
  c: StepContext<Cluster>,
  judge: (object: KubeObject, item: Item) => Seen,
): Promise<ReadonlyMap<string, Seen>> {
  const cluster = c.cluster('at');
  const seen = items.map(async (item) => {
    const object = await cluster.get(refOf(item));
    return [item.key, object === undefined ? ({ state: 'done' } as const) : judge(object, item)] as const;
  });
  return new Map(await Promise.all(seen));
}

function judgeRelaxed(object: KubeObject, item: Item): Seen {
  const closed = closedOn(object, item);
  if (closed.length === 0) return { state: 'done' };
  return { state: 'todo', saw: object, before: policiesOf(closed) };
}

/** An empty list counts as nothing to relax; a configuration may also hold webhooks on kinds that are not ours. */
function closedOn(object: KubeObject, item: Item): readonly Webhook[] {
  const resources = item.vars?.['resources'];
  const ours = Array.isArray(resources) ? resources.filter((id): id is string => typeof id === 'string') : [];
  return webhooksOf(object).filter((webhook) => isFailClosed(webhook) && guardedBy(webhook, ours).length > 0);
}

function policiesOf(webhooks: readonly Webhook[]): Readonly<Record<string, string>> {
  return Object.fromEntries(webhooks.map(({ name, failurePolicy }) => [name, failurePolicy ?? 'Fail']));
}

/** A merge patch replaces the whole list: resourceVersion makes sure that it is the one that was read. */
function relaxed(object: KubeObject, item: Item, c: StepContext<Cluster>): Change | undefined {
  const closed = closedOn(object, item);
  if (closed.length === 0) return undefined;
  const former = { ...policies(formerOf(object, c.run)?.value), ...policiesOf(closed) };
  const webhooks = webhooksOf(object).map((webhook) => (closed.includes(webhook) ? { ...webhook, failurePolicy: 'Ignore' } : webhook));
  return { metadata: { annotations: withFormer(c, former) }, webhooks };
}

/** Only what still says Ignore is ours to put back. */
function restored(object: KubeObject, run: string): Change | undefined {
  const former = formerOf(object, run);
  if (former === undefined) return undefined;
  const known = policies(former.value);
  const webhooks = webhooksOf(object).map((webhook) => {
    const failurePolicy = known[webhook.name];
    return failurePolicy !== undefined && webhook.failurePolicy === 'Ignore' ? { ...webhook, failurePolicy } : webhook;
  });
  return { metadata: { annotations: WITHOUT_FORMER }, webhooks };
}

function policies(value: Data | undefined): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

async function putBack(item: Item, c: StepContext<Cluster>): Promise<'undone' | 'nothing' | 'left'> {
  const cluster = c.cluster('at');
  const object = await cluster.get(refOf(item));
  if (object === undefined || formerOf(object, c.run) === undefined) return 'nothing';
  const known = policies(formerOf(object, c.run)?.value);
  const left = webhooksOf(object).some(({ name, failurePolicy }) => name in known && failurePolicy !== 'Ignore');
  await patchJustRead(cluster, refOf(item), object, c, (fresh) => restored(fresh, c.run));
  return left ? 'left' : 'undone';
}

function isStopped(item: Item): boolean {
  return item.vars?.['component'] === STOPPED;
}

function access(items: readonly Item[], step: Step): readonly Access[] {
  const role = step.roles['at'] ?? '';
  return items.filter(isStopped).flatMap((item) => {
    const { group, resource, name } = refOf(item);
    return ['get', 'patch'].map((verb) => ({ role, verb, group, resource, name }));
  });
}
