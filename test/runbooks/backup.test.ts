import assert from 'node:assert/strict';
import { movePhases } from '../../src/runbooks/move-objects.ts';
import { pivotPhases } from '../../src/runbooks/pivot.ts';
import { Procedure } from '../../src/runbooks/procedure.ts';
import type { Phase } from '../../src/plan/plan.ts';

const SHARED = { timeout: 1, lockNamespace: 'kube-system', onConflict: 'fail', allow: [] } as const;
const PIVOT = { ...SHARED, batch: [1], settle: 1, namespaces: [] };
const MOVE = { ...SHARED, scoping: { namespaces: ['a'], names: [], onMissingOwner: 'fail' } } as const;
const backup = { file: '/srv/site.age', recipients: [] };
const stepsOf = (phases: readonly Phase[]): string[] => phases.flatMap(({ stages }) => stages.flatMap(({ steps }) => steps));

describe('the backup of a hand-over', () => {
  it('is written when both sides are equal for the last time, before anything acts on the target and before the commit', () => {
    const pivot = stepsOf(pivotPhases({ ...PIVOT, backup }, [], new Procedure(1)));
    const at = pivot.indexOf('switch/backup');
    assert.deepEqual(pivot.slice(at - 1, at + 2), ['switch/compare', 'switch/backup', 'switch/ironic-on']);
    const move = stepsOf(movePhases({ ...MOVE, backup }, [], new Procedure(1)));
    assert.equal(move.indexOf('switch/backup'), move.indexOf('switch/compare') + 1);
    assert.ok(move.indexOf('switch/backup') < move.findIndex((id) => id.startsWith('release/')));
  });

  it('is no step of a run that was not asked for it', () => {
    const all = [...stepsOf(pivotPhases(PIVOT, [], new Procedure(1))), ...stepsOf(movePhases(MOVE, [], new Procedure(1)))];
    assert.deepEqual(
      all.filter((id) => id.includes('backup')),
      [],
    );
  });
});
