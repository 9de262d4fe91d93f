/** Waiting until the controllers have let go: every host carries a pause mark, nothing in scope says `block-move`, and whoever says `Paused` says that it is. Read only. */
import type { Cluster, KubeObject } from '../../../cluster/cluster.ts';
import { isAddedGroup } from '../../../kinds/added.ts';
import { describe, isOurGroup } from '../../../kinds/describe.ts';
import { BLOCK_MOVE, HOST_PAUSED } from '../../../kinds/names.ts';
import { title } from '../../../graph/ref.ts';
import type { Action, Seen, StepContext } from '../../../plan/action.ts';
import { isAllowed } from '../../../plan/allow.ts';
import type { Item, Step } from '../../../plan/plan.ts';
import { itemAccess, readItems, refOf } from '../../marked.ts';
import { isCluster, isHost } from '../hosts-below.ts';
import { isPaused, placeOf } from '../mark.ts';
import { isAnswerDue, mayAnswer } from '../paused-condition.ts';
import { ANSWER_RULE, BLOCKED_RULE } from '../preflight.ts';

export const acknowledgedAction: Action<Cluster> = {
  async probe(items, c) {
    const asked = items.filter((item) => mayBlock(item, c.step));
    const answering = asked.filter((item) => mayAnswer(item, running(c.step)));
    const silent = asked.filter((item) => !mayAnswer(item, running(c.step)));
    const [paused, whole, marks] = await Promise.all([
      answering.length === 0 ? new Set<string>() : pausedClusters(c),
      readItems(c.cluster('at'), answering),
      readItems(c.cluster('at'), silent, { metadataOnly: true }),
    ]);
    return new Map([
      ...silent.map((item) => [item.key, judge(marks.get(item.key), item, c)] as const),
      ...answering.map((item) => [item.key, heard(whole.get(item.key), item, c, paused)] as const),
    ]);
  },
  access: (items, step) =>
    itemAccess(
      items.filter((item) => mayBlock(item, step)),
      step,
      'at',
    ),
};

/** Of a runbook that requires all of them: true. */
function isSeen(component: string, { step }: StepContext<Cluster>): boolean {
  const { seen } = step.params;
  return !Array.isArray(seen) || seen.includes(component);
}

/** Components whose controllers answer. A plan of an earlier version names none: then nobody is asked. */
function running({ params }: Step): readonly string[] {
  const { seen = params['running'] } = params;
  return Array.isArray(seen) ? seen.map(String) : [];
}

/** As `namespace/name`. */
async function pausedClusters(c: StepContext<Cluster>): Promise<ReadonlySet<string>> {
  const clusters = c.items('clusters').filter(isCluster);
  const [place] = clusters.map(placeOf);
  const standing = [...(await readItems(c.cluster('at'), clusters)).values()];
  return new Set(
    standing
      .filter((cluster) => place !== undefined && isPaused(cluster, place))
      .map(({ metadata: { namespace = '', name } }) => `${namespace}/${name}`),
  );
}

/** After all else has let go, its controller has still to say so: then nothing that it had begun goes on. */
function heard(object: KubeObject | undefined, item: Item, c: StepContext<Cluster>, paused: ReadonlySet<string>): Seen {
  const seen = judge(object, item, c);
  if (object === undefined || seen.state !== 'done' || !isAnswerDue(object, item, paused)) return seen;
  if (isAllowed(c.plan.allow, ANSWER_RULE, title(refOf(item)))) return seen;
  return { state: 'waiting', note: `its controller does not yet say that it has paused (condition Paused; --allow ${ANSWER_RULE})` };
}

/** Of the kinds that a pivot is about those at rest have nobody who could block. Elsewhere any object may say so. */
function mayBlock({ ref }: Item, { params }: Step): boolean {
  if (Array.isArray(params['seen'])) return ref !== undefined;
  return ref !== undefined && (isOurGroup(ref.group) || isAddedGroup(ref.group)) && describe(ref.group, ref.kind).hold.by !== 'rest';
}

function judge(object: KubeObject | undefined, item: Item, c: StepContext<Cluster>): Seen {
  const annotations = object?.metadata.annotations ?? {};
  if (object === undefined) return { state: 'done' };
  if (BLOCK_MOVE in annotations && !isAllowed(c.plan.allow, BLOCKED_RULE, title(refOf(item))))
    return { state: 'waiting', note: `its controller still holds ${object.metadata.name} back (${BLOCK_MOVE})` };
  if (isHost(item) && isSeen('capm3', c) && !(HOST_PAUSED in annotations))
    return { state: 'waiting', note: `CAPM3 has not yet marked ${object.metadata.name} as paused` };
  return { state: 'done' };
}
