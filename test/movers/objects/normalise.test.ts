import assert from 'node:assert/strict';
import { describe as suite, it } from 'mocha';
import type { KubeObject } from '../../../src/cluster/cluster.ts';
import { describe } from '../../../src/kinds/describe.ts';
import { difference } from '../../../src/movers/objects/compare.ts';
import { hashOf } from '../../../src/movers/objects/hash.ts';
import { parse } from '../../../src/cluster/json.ts';
import { canonical, clone, differences } from '../../../src/movers/objects/json.ts';
import type { Comparison } from '../../../src/movers/objects/normalise.ts';
import { hmac } from './facts-of.ts';
import { HOST_STATUS, make } from './small-fleet.ts';

const kindOf = (object: KubeObject) =>
  describe(object.apiVersion.includes('/') ? object.apiVersion.slice(0, object.apiVersion.indexOf('/')) : '', object.kind);
const hash = (object: KubeObject, comparison: Comparison = 'copy'): string => hashOf(object, kindOf(object), comparison, hmac);
const former = (value: unknown): string => JSON.stringify({ run: 'r', process: 'p', value });
const host = (meta: object = {}, status: object = {}, spec: object = {}): KubeObject =>
  make('BareMetalHost', 'h', { meta, spec: { online: true, ...spec }, status: { ...HOST_STATUS, ...status } });
const PAUSED = 'baremetalhost.metal3.io/paused';

suite('the copy comparison', () => {
  const base = host();
  const same: Record<string, KubeObject> = {
    'what the server owns': host({
      uid: 'u',
      resourceVersion: '5',
      generation: 7,
      creationTimestamp: 't',
      managedFields: [{ manager: 'm' }],
    }),
    'our mark': host({ annotations: { [PAUSED]: 'kubectl-migrate', 'kubectl-migrate/former': former(null) } }),
    "CAPM3's mark, status annotation and block-move": host({
      annotations: { [PAUSED]: 'metal3.io/capm3', 'baremetalhost.metal3.io/status': '{}', 'clusterctl.cluster.x-k8s.io/block-move': '' },
    }),
    'our mark in place of CAPM3’s': host({
      annotations: { [PAUSED]: 'kubectl-migrate', 'kubectl-migrate/former': former('metal3.io/capm3') },
    }),
    'a mark that only names a process': host({ annotations: { 'kubectl-migrate/former': former({ touched: true }) } }),
    'observedGeneration and lastUpdated': host({}, { lastUpdated: 'later', observedGeneration: 9 }),
    'a Paused condition': host({}, { conditions: [{ type: 'Paused', status: 'True' }] }),
    'empty maps': host({ labels: {}, annotations: {}, finalizers: [] }),
  };
  for (const [what, object] of Object.entries(same)) it(`does not see ${what}`, () => assert.equal(hash(object), hash(base)));

  const other: Record<string, KubeObject> = {
    "a user's pause": host({ annotations: { [PAUSED]: 'maintenance' } }),
    "a user's pause under our mark": host({
      annotations: { [PAUSED]: 'kubectl-migrate', 'kubectl-migrate/former': former('maintenance') },
    }),
    "a user's value put in place of ours": host({ annotations: { [PAUSED]: 'mine', 'kubectl-migrate/former': former(null) } }),
    'a label': host({ labels: { a: 'b' } }),
    'a finalizer': host({ finalizers: ['x'] }),
    'the status': host({}, { poweredOn: false }),
    'another condition': host({}, { conditions: [{ type: 'Ready', status: 'True' }] }),
    'an owner': host({ ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: 'u' }] }),
  };
  for (const [what, object] of Object.entries(other)) it(`sees ${what}`, () => assert.notEqual(hash(object), hash(base)));

  it('takes Clusters paused by us for what they were', () => {
    const cluster = (spec: object, annotations: Record<string, string> = {}): KubeObject =>
      make('Cluster', 'c', { meta: { annotations }, spec: { a: 1, ...spec } });
    assert.equal(hash(cluster({ paused: true }, { 'kubectl-migrate/former': former(null) })), hash(cluster({})));
    assert.equal(hash(cluster({ paused: true }, { 'kubectl-migrate/former': former(false) })), hash(cluster({ paused: false })));
    assert.notEqual(hash(cluster({ paused: true })), hash(cluster({})));
  });

  it('leaves out the conditions of a Metal3Machine that CAPM3 writes on pausing, wherever they stand', () => {
    const machine = (status: object): KubeObject => make('Metal3Machine', 'm', { spec: {}, status: { ready: true, ...status } });
    const paused = machine({
      conditions: [{ type: 'Ready', status: 'False' }, { type: 'AssociateBMH' }],
      deprecated: { v1beta1: { conditions: [{ type: 'AssociateBareMetalHost' }] } },
    });
    assert.equal(hash(paused), hash(machine({})));
  });

  it('compares owners without their UIDs', () => {
    const owned = (uid: string): KubeObject =>
      host({ ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid, controller: true }] });
    assert.equal(hash(owned('a')), hash(owned('b')));
    assert.notEqual(hash(owned('a'), 'rollback'), hash(owned('b'), 'rollback'));
  });

  it('keys the hash of Secrets', () => {
    const secret = make('Secret', 's', { data: { a: 'b' } });
    assert.notEqual(
      hashOf(secret, kindOf(secret), 'copy', () => 'one key'),
      hashOf(secret, kindOf(secret), 'copy', () => 'another'),
    );
  });
});

suite('the comparison after release', () => {
  it('accepts on a host what adoption changes', () => {
    const adopted = host(
      {},
      {
        provisioning: { ...HOST_STATUS.provisioning, ID: 'new' },
        lastUpdated: 'x',
        operationHistory: { ...HOST_STATUS.operationHistory, register: { start: 'now' } },
      },
      { architecture: 'x86_64' },
    );
    assert.deepEqual(difference(host(), adopted, kindOf(adopted), 'released'), []);
  });

  it('names a host that was inspected or deployed again', () => {
    const wiped = host({}, { operationHistory: { ...HOST_STATUS.operationHistory, provision: { start: 'now' } } });
    assert.deepEqual(difference(host(), wiped, kindOf(wiped), 'released'), [
      'status.operationHistory.provision.start',
      'status.operationHistory.provision.end',
    ]);
  });

  it('looks elsewhere at what a kind keeps, and not at what its controller rewrites', () => {
    const machine = (status: object): KubeObject => make('Machine', 'm', { spec: {}, status });
    const before = machine({ phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] });
    assert.deepEqual(difference(before, machine({ phase: 'Running', lastUpdated: 1 }), kindOf(before), 'released'), []);
    assert.deepEqual(difference(before, machine({ phase: 'Deleting' }), kindOf(before), 'released'), ['status.phase']);
  });
});

suite('exact JSON', () => {
  it('keeps integers beyond 2^53 through parse, clone, canonical text and comparison', () => {
    const text = '{"a":9007199254740993,"b":[1.5,12345678901234567890],"c":null}';
    const value = clone(parse(text));
    assert.equal(JSON.stringify(value), text);
    assert.equal(canonical(value), text);
    assert.deepEqual(differences(value, parse(text.replace('993', '992'))), ['a']);
  });

  it('orders fields, tells missing from null, and names paths only', () => {
    assert.equal(canonical({ b: 1, a: { d: 1, c: 2 } }), '{"a":{"c":2,"d":1},"b":1}');
    assert.deepEqual(differences({ a: null, b: [1, { c: 'secret' }] }, { b: [1, { c: 'other' }] }), ['a', 'b[1].c']);
  });
});
