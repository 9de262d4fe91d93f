/** A procedure in the shape of a pivot's, frozen here: golden files must not change because a runbook gets a step. */
import type { Phase, Plan, Safety, StateWord, Step } from '../../src/plan/plan.ts';

type Row = readonly [id: string, set: string, title: string, safety?: Safety];

const TABLE: readonly (readonly [StateWord, string, readonly Row[]])[] = [
  ['source-active', 'preflight', []],
  [
    'source-active',
    'prepare',
    [
      ['prepare/lock', 'locks', 'take the lock on both clusters', 'reversible'],
      ['prepare/controllers', 'target-controllers', "start the target's controllers", 'reversible'],
    ],
  ],
  ['copying', 'precopy', [['precopy/copy', 'objects', 'copy objects, held, with status', 'compensable']]],
  [
    'frozen',
    'freeze',
    [
      ['freeze/steady', 'hosts', 'wait for steady hosts'],
      ['freeze/clusters', 'clusters', 'pause Clusters on the source', 'reversible'],
      ['freeze/acknowledged', 'objects', 'wait until the controllers have let go'],
    ],
  ],
  [
    'frozen',
    'delta',
    [
      ['delta/look', 'objects', 'look what changed meanwhile'],
      ['delta/carry', 'delta/changes', 'carry the changes over', 'compensable'],
    ],
  ],
  ['frozen', 'compare', [['compare/copies', 'objects', 'compare both sides']]],
  ['switching', 'switch', [['switch/ironic-off', 'source-ironic', "stop the source's Ironic", 'reversible']]],
  [
    'releasing',
    'release',
    [
      ['release/managers', 'release/managed', 'restore field ownership', 'irreversible'],
      ['release/claimed-hosts', 'release/claimed-hosts', 'release claimed hosts', 'reversible'],
    ],
  ],
  ['target-active', 'verify', [['verify/objects', 'objects', 'compare the target with what was moved']]],
  ['retiring', 'retire', [['retire/originals', 'originals', 'remove the originals', 'irreversible']]],
];

export const STEPS: readonly Step[] = TABLE.flatMap(([, , rows]) =>
  rows.map(([id, set, title, safety = 'read']) => ({
    id,
    mover: 'test',
    action: 'test',
    roles: {},
    set,
    order: 'any' as const,
    params: {},
    needs: [],
    timeout: 600_000,
    safety,
    title,
  })),
);

const CONSENTS: Readonly<Record<string, Phase['consent']>> = {
  freeze: { id: 'hand-over', without: 'stop' },
  retire: { id: 'retire', without: 'end' },
};

export const PHASES: readonly Phase[] = TABLE.map(([state, id, rows]) => {
  const consent = CONSENTS[id];
  return {
    id,
    state,
    stages: rows.map(([step]) =>
      step === 'release/claimed-hosts' ? { by: 'batch', steps: [step], batch: [1, 4, 16, 50] } : { by: 'step', steps: [step] },
    ),
    ...(consent === undefined ? {} : { consent }),
  };
});

export const PROCEDURE: Pick<Plan, 'phases' | 'steps' | 'commit' | 'thaw' | 'report'> = {
  phases: PHASES,
  steps: STEPS,
  commit: { before: 'release' },
  thaw: { from: 'freeze', keep: [] },
  report: { objects: 'objects', moved: ['precopy/copy'], released: { set: 'release/claimed-hosts', steps: ['release/claimed-hosts'] } },
};
