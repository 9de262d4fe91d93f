/** The rights a pivot needs, each given to a group of its own: a user with all of them but one is one who is in all groups but one. */
import { connect } from '../../../src/cluster/connect.ts';
import type { Cluster } from '../../../src/cluster/cluster.ts';
import { Sets } from '../../../src/engine/sets.ts';
import type { Access } from '../../../src/graph/ref.ts';
import { RunState } from '../../../src/journal/replay.ts';
import { registryOf, allMovers } from '../../../src/movers/registry.ts';
import { neededAccess } from '../../../src/runbooks/access.ts';
import type { RunDeps } from '../../../src/runs/runs.ts';
import { prepareRun } from '../../../src/runs/start.ts';
import { eventually } from '../../sandbox/index.ts';
import type { AdminClient } from '../../sandbox/index.ts';
import type { Stage } from '../stage.ts';

export type Side = 'source' | 'target';

/** One verb on one resource (of one name), and everything the plan needs it for. */
export interface Right {
  readonly side: Side;
  readonly group: string;
  readonly access: Access;
  /** What of the plan's needs falls with it; empty = only discovery reads by it. */
  readonly needs: readonly Access[];
}

/** What discovery reads on both sides beside the kinds that CRDs define: written down here, so that a read that is added is noticed. */
const READS: readonly (readonly [verb: string, group: string, resource: string, name?: string])[] = [
  ['get', '', 'namespaces', 'kube-system'],
  ['list', '', 'namespaces'],
  ['list', 'apiextensions.k8s.io', 'customresourcedefinitions'],
  ['list', '', 'secrets'],
  ['list', '', 'configmaps'],
  ['list', '', 'pods'],
  ['list', 'apps', 'deployments'],
  ['list', 'apps', 'statefulsets'],
  ['list', 'apps', 'daemonsets'],
  ['list', 'autoscaling', 'horizontalpodautoscalers'],
  ['list', 'admissionregistration.k8s.io', 'validatingwebhookconfigurations'],
  ['list', 'admissionregistration.k8s.io', 'mutatingwebhookconfigurations'],
  ['get', 'coordination.k8s.io', 'leases', 'kubectl-migrate'],
];

export const never = new AbortController().signal;

/** What the plan of a pivot says it needs. */
async function planned(stage: Stage): Promise<Access[]> {
  const clusters = { source: { kubeconfig: stage.source.kubeconfig }, target: { kubeconfig: stage.target.kubeconfig } };
  const request = {
    clusters,
    runbook: 'pivot',
    namespaces: [],
    allow: [],
    timeout: 60_000,
    settle: 1000,
    batch: [1],
    stayFrozen: false,
    lockNamespace: 'kube-system',
    onConflict: 'fail',
  } as const;
  const deps = { stateDir: stage.stateDir, clock: 1, stop: never, hard: never } as unknown as RunDeps;
  const prepared = await prepareRun(request, deps);
  await prepared.close();
  const sets = new Sets(prepared.plan, new RunState());
  const items = (set: string): ReturnType<Sets['items']> => (set.endsWith('/changes') ? sets.items('objects') : sets.items(set));
  return neededAccess(prepared.plan.steps, items, registryOf(allMovers()));
}

async function reads(stage: Stage, side: Side): Promise<Access[]> {
  const client = side === 'source' ? stage.s : stage.t;
  const crds = await client.list('/apis/apiextensions.k8s.io/v1/customresourcedefinitions');
  const kinds = crds.map(({ spec }) => ({
    role: side,
    verb: 'list',
    group: String(spec?.['group']),
    resource: (spec?.['names'] as { plural: string }).plural,
  }));
  const fixed = READS.map(([verb, group, resource, name]) => ({
    role: side,
    verb,
    group,
    resource,
    ...(name === undefined ? {} : { name }),
  }));
  return [...fixed, ...kinds];
}

/** Namespaces are left out: everything is granted cluster-wide. */
function idOf({ role, verb, group, resource, subresource = '', name = '' }: Access): string {
  return [role, verb, group, resource, subresource, name].join('|');
}

/** Every right, once; what a wider one covers is no right of its own. */
export async function rightsOf(stage: Stage): Promise<Right[]> {
  const needs = await planned(stage);
  const all = [...needs, ...(await reads(stage, 'source')), ...(await reads(stage, 'target'))];
  const wide = new Set(all.filter(({ name }) => name === undefined).map(idOf));
  const owner = (access: Access): string => {
    const { name, ...unnamed } = access;
    // Connecting needs it whatever the plan needs: without it nobody can even be told what else is missing.
    if (name === 'kube-system') return idOf(access);
    return wide.has(idOf(unnamed)) ? idOf(unnamed) : idOf(access);
  };
  const found = new Map<string, Access>();
  for (const access of all) if (owner(access) === idOf(access)) found.set(idOf(access), access);
  return [...found].map(([id, access], at) => {
    const needed = needs.filter((need) => owner(need) === id);
    return { side: access.role as Side, group: `right-${at}`, access, needs: needed };
  });
}

const RBAC = '/apis/rbac.authorization.k8s.io/v1';

function ruleOf({ access: { verb, group, resource, subresource, name } }: Right): object {
  const resources = [subresource === undefined ? resource : `${resource}/${subresource}`];
  return { verbs: [verb], apiGroups: [group], resources, ...(name === undefined ? {} : { resourceNames: [name] }) };
}

async function bind(client: AdminClient, name: string, kind: 'Group' | 'User'): Promise<void> {
  const apiGroup = 'rbac.authorization.k8s.io';
  const subjects = [{ apiGroup, kind, name }];
  await client.create(`${RBAC}/clusterrolebindings`, { metadata: { name }, roleRef: { apiGroup, kind: 'ClusterRole', name }, subjects });
}

/** One ClusterRole and binding per right. */
export async function grant(stage: Stage, rights: readonly Right[]): Promise<void> {
  await Promise.all(
    rights.map(async (right) => {
      const client = right.side === 'source' ? stage.s : stage.t;
      await client.create(`${RBAC}/clusterroles`, { metadata: { name: right.group }, rules: [ruleOf(right)] });
      await bind(client, right.group, 'Group');
    }),
  );
  for (const side of ['source', 'target'] as const) {
    const last = rights.findLast((right) => right.side === side);
    if (last === undefined) continue;
    const cluster = await as(stage, side, rights);
    await eventually('the rights to be in force', () => cluster.allowed(last.access, never));
    await cluster.close();
  }
}

/** A connection of somebody who has these rights and no others. */
export function as(stage: Stage, side: Side, rights: readonly Right[]): Promise<Cluster> {
  const groups = rights.filter((right) => right.side === side).map(({ group }) => group);
  return connect(side, { kubeconfig: stage[side].kubeconfig, impersonate: { user: 'mover', groups } });
}

/** Makes a user with these rights and no others, and returns the flags that make the program act as that user. */
export async function userWith(stage: Stage, name: string, rights: readonly Right[]): Promise<string[]> {
  for (const side of ['source', 'target'] as const) {
    const client = side === 'source' ? stage.s : stage.t;
    const own = rights.filter((right) => right.side === side);
    await client.create(`${RBAC}/clusterroles`, { metadata: { name }, rules: own.map(ruleOf) });
    await bind(client, name, 'User');
    const cluster = await eventually('the rights to be in force', () =>
      connect(side, { kubeconfig: stage[side].kubeconfig, impersonate: { user: name } }).catch(() => undefined),
    );
    await cluster.close();
  }
  return ['--as', name, '--target-as', name];
}

/** `deployments.apps`. */
export function kindOf({ group, resource }: Access): string {
  return `${resource}${group === '' ? '' : `.${group}`}`;
}

/** `deployments.apps/scale`. */
export function named(access: Access): string {
  return `${kindOf(access)}${access.subresource === undefined ? '' : `/${access.subresource}`}`;
}
