/** A pivot as its events tell it: recorded shape, invented fleet. Times are fixed, so is every line made of them. */
import type { Event, RunEvent, Summary } from '../../src/engine/events.ts';
import { PHASES as PROCEDURE, STEPS } from './procedure.ts';

/** An event without its time; the clock of the recording puts it in. */
type Told = Event extends infer E ? (E extends Event ? Omit<E, 'at'> & { readonly after?: number } : never) : never;

export const START = Date.parse('2026-11-20T10:00:00.000Z');
export const RUN = 'pivot-1120-7f3a';

const KNOWN: Readonly<Record<string, number>> = { objects: 4210, hosts: 1000, clusters: 12, locks: 2 };

export const PHASES: RunEvent['phases'] = PROCEDURE.map((phase) => ({
  id: phase.id,
  steps: phase.stages.flatMap((stage) =>
    stage.steps.map((id) => {
      const step = STEPS.find((one) => one.id === id)!;
      const items = KNOWN[step.set];
      return { id, title: step.title, ...(items === undefined ? {} : { items }) };
    }),
  ),
}));

const title = (id: string): string => STEPS.find((one) => one.id === id)?.title ?? id;

/** Puts times on what is told: `after` milliseconds since the line before. */
export function recorded(told: readonly Told[]): Event[] {
  let now = START;
  return told.map(({ after = 0, ...event }) => {
    now += after;
    return { ...event, at: new Date(now).toISOString() };
  });
}

export const run: Told = {
  type: 'run',
  run: RUN,
  runbook: 'pivot',
  direction: 'forward',
  attempt: 1,
  resumed: false,
  clusters: {
    source: { context: 'mgmt-old', server: 'https://10.0.0.10:6443', uid: '1a2b3c4d-0000-0000-0000-000000000000' },
    target: { context: 'mgmt-new', server: 'https://10.0.1.10:6443', uid: '5e6f7a8b-0000-0000-0000-000000000000' },
  },
  phases: PHASES,
};

export const phase = (id: string, status: 'started' | 'finished' | 'undone', after = 0, took?: number): Told => ({
  type: 'phase',
  phase: id,
  status,
  direction: status === 'undone' ? 'back' : 'forward',
  after,
  ...(took === undefined ? {} : { took }),
});

export const step = (id: string, status: 'started' | 'finished' | 'undone', total: number, more: object = {}): Told => ({
  type: 'step',
  step: id,
  phase: id.split('/')[0]!,
  title: title(id),
  status,
  direction: status === 'undone' ? 'back' : 'forward',
  total,
  ...more,
});

export const item = (id: string, name: string, verb: string, done: number, total: number, after = 1): Told => ({
  type: 'item',
  step: id,
  key: name.replace('/', '/metal3/'),
  name,
  namespace: 'metal3',
  verb,
  done,
  total,
  after,
});

export const state = (word: Summary['state'], more: object = {}): Told => ({ type: 'state', state: word, direction: 'forward', ...more });

/** Hosts `from` to `to`, one every `pace` milliseconds. */
export const hosts = (id: string, verb: string, from: number, to: number, total: number, pace: number): Told[] =>
  Array.from({ length: to - from + 1 }, (_, n) => item(id, `baremetalhost.metal3.io/node-${from + n}`, verb, from + n, total, pace));

/** Up to the middle of the copying. */
export const beginning: readonly Told[] = [
  run,
  state('source-active'),
  phase('preflight', 'started'),
  phase('preflight', 'finished', 1240, 1240),
  phase('prepare', 'started'),
  step('prepare/lock', 'started', 2),
  step('prepare/lock', 'finished', 2, { after: 90, took: 90 }),
  step('prepare/controllers', 'started', 4),
  step('prepare/controllers', 'finished', 4, { after: 4100, took: 4100 }),
  phase('prepare', 'finished', 10, 4200),
  phase('precopy', 'started'),
  state('copying'),
  step('precopy/copy', 'started', 4210, { already: 12 }),
  ...hosts('precopy/copy', 'moved', 13, 1612, 4210, 2),
];

/** The freeze, held up by a controller. */
export const waiting: readonly Told[] = [
  ...beginning,
  ...hosts('precopy/copy', 'moved', 1613, 4210, 4210, 1),
  step('precopy/copy', 'finished', 4210, { took: 6400 }),
  phase('precopy', 'finished', 5, 6405),
  phase('freeze', 'started'),
  state('frozen'),
  step('freeze/steady', 'started', 1000),
  step('freeze/steady', 'finished', 1000, { after: 300, took: 300, already: 1000 }),
  step('freeze/clusters', 'started', 12),
  step('freeze/clusters', 'finished', 12, { after: 140, took: 140 }),
  step('freeze/acknowledged', 'started', 4210),
  {
    type: 'item',
    step: 'freeze/acknowledged',
    key: 'm/1',
    name: 'machine.cluster.x-k8s.io/m-1',
    verb: 'paused',
    done: 4100,
    total: 4210,
    after: 900,
  },
  {
    type: 'wait',
    step: 'freeze/acknowledged',
    reason: 'capm3-controller-manager to set block-move on the source',
    since: 12_400,
    timeout: 600_000,
    open: 110,
    total: 4210,
    names: ['node-17', 'node-18', 'node-21'],
    after: 500,
  },
];

/** Three hosts from preflight to target-active. */
export const whole: readonly Told[] = [
  run,
  state('source-active'),
  phase('preflight', 'started'),
  phase('preflight', 'finished', 1240, 1240),
  phase('prepare', 'started'),
  step('prepare/lock', 'started', 2),
  step('prepare/lock', 'finished', 2, { after: 90, took: 90 }),
  phase('prepare', 'finished', 10, 100),
  phase('precopy', 'started'),
  state('copying'),
  step('precopy/copy', 'started', 3),
  ...hosts('precopy/copy', 'moved', 1, 3, 3, 15),
  step('precopy/copy', 'finished', 3, { took: 45 }),
  { type: 'warning', message: 'the target answers slowly', subject: 'mgmt-new' },
  phase('precopy', 'finished', 1, 46),
  phase('freeze', 'started', 9000),
  state('frozen'),
  step('freeze/clusters', 'started', 1),
  {
    type: 'wait',
    step: 'freeze/clusters',
    reason: 'capm3 to acknowledge',
    since: 0,
    timeout: 600_000,
    open: 1,
    total: 1,
    names: ['c-1'],
    after: 100,
  },
  {
    type: 'wait',
    step: 'freeze/clusters',
    reason: 'capm3 to acknowledge',
    since: 500,
    timeout: 600_000,
    open: 1,
    total: 1,
    names: ['c-1'],
    after: 500,
  },
  {
    type: 'wait',
    step: 'freeze/clusters',
    reason: 'capm3 to acknowledge',
    since: 31_000,
    timeout: 600_000,
    open: 1,
    total: 1,
    names: ['c-1'],
    after: 30_500,
  },
  item('freeze/clusters', 'cluster.cluster.x-k8s.io/c-1', 'paused', 1, 1),
  step('freeze/clusters', 'finished', 1, { took: 31_500 }),
  phase('freeze', 'finished', 1, 31_600),
  phase('switch', 'started'),
  state('switching'),
  step('switch/ironic-off', 'started', 1),
  step('switch/ironic-off', 'finished', 1, { after: 2000, took: 2000 }),
  phase('switch', 'finished', 0, 2000),
  { type: 'commit', after: 20 },
  phase('release', 'started'),
  state('releasing', { released: { done: 0, total: 3 } }),
  step('release/claimed-hosts', 'started', 1, { batch: 1 }),
  item('release/claimed-hosts', 'baremetalhost.metal3.io/node-1', 'released', 1, 1, 3000),
  step('release/claimed-hosts', 'finished', 1, { batch: 1, took: 3000 }),
  state('releasing', { released: { done: 1, total: 3 } }),
  { type: 'hold', key: 'x', name: 'baremetalhost.metal3.io/node-3', rule: 'release/steady', sentence: 'it is powering on' },
  step('release/claimed-hosts', 'started', 1, { batch: 2 }),
  item('release/claimed-hosts', 'baremetalhost.metal3.io/node-2', 'released', 1, 1, 3000),
  step('release/claimed-hosts', 'finished', 1, { batch: 2, took: 3000 }),
  phase('release', 'finished', 0, 6000),
  phase('verify', 'started'),
  state('target-active'),
  phase('verify', 'finished', 400, 400),
];

export const summary: Summary = {
  run: RUN,
  runbook: 'pivot',
  state: 'target-active',
  direction: 'forward',
  since: '2026-11-20T10:01:12.345Z',
  exit: 0,
  attempt: 1,
  moved: 4210,
  kinds: [
    { kind: 'BareMetalHost', moved: 1000 },
    { kind: 'Secret', moved: 1000 },
    { kind: 'Machine', moved: 900 },
    { kind: 'Metal3Machine', moved: 900 },
    { kind: 'Cluster', moved: 12 },
  ],
  left: [
    { rule: 'left/derived', count: 40, sentence: 'PreprovisioningImages are made anew by the target' },
    { rule: 'left/shared', count: 2, sentence: 'Secrets reached by name alone are copied and kept on the source' },
  ],
  held: [],
  released: { done: 1000, total: 1000 },
  notProven: 3,
  frozen: { total: 41_000, waiting: 37_500 },
  took: 192_000,
  requests: { source: { requests: 14_210, retries: 2 }, target: { requests: 12_890, retries: 0 } },
  next: [`kubectl migrate retire ${RUN}`],
};

export const stopped: Summary = {
  ...summary,
  state: 'copying',
  direction: 'forward',
  exit: 6,
  released: undefined as never,
  notProven: 0,
  frozen: { total: 612_000, waiting: 600_000 },
  held: [{ name: 'metal3/node-17', sentence: 'it is inspecting' }],
  failure: {
    code: 'wait/timeout',
    message: 'waited 10m for capm3-controller-manager to set block-move on the source',
    subjects: ['metal3/node-17'],
  },
  next: [`kubectl migrate resume ${RUN}`, `kubectl migrate rollback ${RUN}`],
};
