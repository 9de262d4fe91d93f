/**
 * Letting a host go on the target, and seeing it adopted. Before: its copy is whole, it is steady, its original still carries its mark. After: settled
 * only when the target's baremetal-operator has visibly acted on it; the copied status alone proves nothing.
 */
import type { Cluster, KubeObject } from '../../../cluster/cluster.ts';
import { CAPM3_VALUE, HOST_PAUSED } from '../../../kinds/names.ts';
import type { Action, Seen, StepContext } from '../../../plan/action.ts';
import { PAUSE_VALUE, PIVOTED } from '../../../plan/marks.ts';
import type { Item } from '../../../plan/plan.ts';
import { WITHOUT_FORMER, afterOf, formerOf, patchAsRead, patchJustRead, refOf } from '../../marked.ts';
import type { Change } from '../../marked.ts';
import { asBaseline, baselineOf, hasStatus, hostPause, showsNoSign, whyNotWhole, whyUnsteady } from '../host.ts';
import type { Settling } from '../settling.ts';
import { journaled, readSides, sidesAccess } from '../sides.ts';
import type { Side } from '../sides.ts';
import { heldChange } from './rehold.ts';

export function releaseAction(settling: Settling): Action<Cluster> {
  return {
    journalsBefore: true,
    async probe(items, c) {
      const sides = await readSides(items, c);
      return new Map(
        items.map((item) => {
          const side = sides.get(item.key) ?? {};
          return [item.key, withOutcome(judge(item, side, c, settling), item, side, c)];
        }),
      );
    },
    async apply(item, seen, c) {
      const { copy } = seen.saw as Required<Side>;
      const expected = asBaseline(seen.before);
      if (expected !== undefined) settling.expect(item.key, expected);
      await patchAsRead(c.cluster('to'), refOf(item), copy, c, (host) => freed(host, c));
      return 'waiting';
    },
    async undo(item, c) {
      const host = await c.cluster('to').get(refOf(item));
      if (host?.metadata.annotations?.[PIVOTED] !== c.run) return 'nothing';
      if (hostPause(host) !== undefined) return 'left';
      await patchJustRead(c.cluster('to'), refOf(item), host, c, (fresh) => heldChange(fresh, c));
      return 'undone';
    },
    access: (items, step) => sidesAccess(items, step, 'patch'),
  };
}

/** The same judgement for hosts that are released already, in verify: nothing is written. */
export function settledAction(settling: Settling): Action<Cluster> {
  return {
    async probe(items, c) {
      const released = items.filter(({ key }) => !c.held(key));
      const sides = await readSides(released, c);
      return new Map(released.map((item) => [item.key, judgeReleased(item, sides.get(item.key) ?? {}, c, settling)]));
    },
    access: (items, step) => sidesAccess(items, step),
  };
}

/** The mark is on the copy as long as our `former` is. */
function judge(item: Item, side: Side, c: StepContext<Cluster>, settling: Settling): Seen {
  const { copy, original } = side;
  if (copy === undefined) return { state: 'drifted', note: 'its copy is gone' };
  if (formerOf(copy, c.run) === undefined) return judgeReleased(item, side, c, settling);
  if (original === undefined) return { state: 'drifted', note: 'its original is gone from the source' };
  const user = pausedByUser(original) ?? pausedByUser(copy);
  const todo: Seen = { state: 'todo', saw: side, before: baselineOf(original) };
  if (user !== undefined) return heldBy(todo, 'release/paused', `its user has paused it since (${user})`);
  if (hostPause(original) === undefined) return { state: 'drifted', note: 'its original no longer carries a pause mark' };
  const torn = whyNotWhole(copy, baselineOf(original));
  if (torn !== undefined) return tornBefore(item, side, c, torn);
  const unsteady = whyUnsteady(copy);
  return unsteady === undefined ? todo : heldBy(todo, 'release/steady', `it ${unsteady} and stays held`);
}

/** A host that was let go, deviated and was held again: it goes as it is now when a person allows it by name. A copy without status never does. */
function tornBefore(item: Item, side: Side, c: StepContext<Cluster>, torn: string): Seen {
  const { copy } = side;
  if (copy === undefined || !hasStatus(copy) || journaled(item.key, c) === undefined) return { state: 'drifted', note: torn };
  return heldBy({ state: 'todo', saw: side, before: baselineOf(copy) }, 'release/deviated', torn);
}

function judgeReleased(item: Item, { copy, secretVersion, was }: Side, c: StepContext<Cluster>, settling: Settling): Seen {
  if (copy === undefined) return { state: 'drifted', note: 'it is gone from the target' };
  const pause = hostPause(copy);
  const done: Seen = { state: 'done' };
  if (pause === PAUSE_VALUE && formerOf(copy, c.run) !== undefined) return heldBy(done, 'release/deviated', 'it is held again');
  if (pause !== undefined) return heldBy(done, 'release/paused', `it is paused on the target (${pause || 'no value'})`);
  if (was === undefined) return { state: 'drifted', note: 'nothing tells any more how it stood on the source' };
  return settling.judge(item, { host: copy, was, secretVersion }, c);
}

/** A mark that is neither ours nor CAPM3's. */
function pausedByUser(host: KubeObject): string | undefined {
  const pause = hostPause(host);
  return pause === undefined || pause === PAUSE_VALUE || pause === CAPM3_VALUE ? undefined : `${HOST_PAUSED}: ${pause || 'no value'}`;
}

/** Out of the release by rule; `otherwise`: how it stands once a person has allowed it by name. */
function heldBy(otherwise: Seen, rule: string, sentence: string): Seen {
  return { ...otherwise, note: sentence, hold: { rule, sentence } };
}

/** A host counts as released when it has settled, once, in whichever process that is seen. */
function withOutcome(seen: Seen, item: Item, { copy, was }: Side, c: StepContext<Cluster>): Seen {
  if (seen.state !== 'settled' || was === undefined || c.outcome(c.step.id, item.key) !== undefined) return seen;
  return { ...seen, after: afterOf(copy, 'released', { ...was, proven: !showsNoSign(was) }) };
}

/** Takes our mark off, `former` with it. A mark that somebody took off already is not put back for that. */
function freed(host: KubeObject, c: StepContext<Cluster>): Change | undefined {
  const former = formerOf(host, c.run);
  if (former === undefined) return undefined;
  const value = typeof former.value === 'string' ? former.value : null;
  const annotations = { ...WITHOUT_FORMER, [PIVOTED]: c.run };
  return { metadata: { annotations: hostPause(host) === PAUSE_VALUE ? { ...annotations, [HOST_PAUSED]: value } : annotations } };
}
