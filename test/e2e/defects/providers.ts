/** What the tests about clusterctl's defects are made of: kinds of other providers, bodies, and a run that has to succeed or to be refused. */
import assert from 'node:assert/strict';
import { bare, CAPI, isPaused, openKind, type Bare, type BareOptions } from '../bare.ts';

export const INFRA = 'infrastructure.cluster.x-k8s.io';
export const ACME = 'acme.test';
const MOVED = 'clusterctl.cluster.x-k8s.io';
export const BLOCK_MOVE = 'clusterctl.cluster.x-k8s.io/block-move';
export const PAUSED = 'cluster.x-k8s.io/paused';

export const machine = (ns: string, name: string, more: Record<string, unknown> = {}) => ({
  apiVersion: 'cluster.x-k8s.io/v1beta2',
  kind: 'Machine',
  metadata: { name, namespace: ns, ...more },
  spec: {
    clusterName: 'c',
    bootstrap: { dataSecretName: `${name}-data` },
    infrastructureRef: { apiGroup: INFRA, kind: 'DevMachine', name },
  },
  status: { phase: 'Running', nodeRef: { name: `node-${name}` } },
});

export const thing = (ns: string, name: string, more: Record<string, unknown> = {}) => ({
  apiVersion: `${ACME}/v1`,
  kind: 'Thing',
  metadata: { name, namespace: ns, ...more },
});

export const classBody = (ns: string, name: string) => ({
  apiVersion: 'cluster.x-k8s.io/v1beta2',
  kind: 'ClusterClass',
  metadata: { name, namespace: ns },
  spec: {
    infrastructure: { templateRef: { apiVersion: `${INFRA}/v1`, kind: 'DevTemplate', name: `${name}-infra` } },
    controlPlane: { templateRef: { apiVersion: `${INFRA}/v1`, kind: 'DevTemplate', name: `${name}-cp` } },
  },
});

export async function providers(o: BareOptions): Promise<Bare> {
  const stage = await bare(o);
  await openKind(stage, { group: INFRA, kind: 'DevTemplate', resource: 'devtemplates', labels: { [MOVED]: '' } });
  await openKind(stage, { group: ACME, kind: 'Widget', resource: 'widgets', labels: { [MOVED]: '' } });
  await openKind(stage, { group: ACME, kind: 'Thing', resource: 'things' });
  await openKind(stage, {
    group: INFRA,
    kind: 'DevIdentity',
    resource: 'devidentities',
    scope: 'Cluster',
    labels: { [MOVED]: '', [`${MOVED}/move-hierarchy`]: '' },
  });
  return stage;
}

/** Blocking findings of a document, as `rule subject`. */
export function findingsOf(stdout: string): string[] {
  const { findings = [] } = JSON.parse(stdout) as { findings?: { level: string; rule: string; subject: string }[] };
  return findings.filter(({ level }) => level === 'block').map(({ rule, subject }) => `${rule} ${subject}`);
}

/** Refused with 4, nothing written; returns what blocks. */
export async function refused(stage: Bare, ns: string, ...more: string[]): Promise<string[]> {
  const ended = await stage.move(ns, '-o', 'json', ...more);
  assert.equal(ended.exit, 4, ended.stderr);
  assert.deepEqual(await stage.t.list(CAPI('clusters', ns)), []);
  assert.equal((await stage.s.list(CAPI('clusters', ns))).some(isPaused), false);
  return findingsOf(ended.stdout);
}

export async function moved(stage: Bare, ns: string, ...more: string[]): Promise<void> {
  const ended = await stage.move(ns, ...more);
  assert.equal(ended.exit, 0, ended.stderr);
}
