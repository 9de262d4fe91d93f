/** Objects and kinds that stand in the way of a pivot. */
import { installCrds, pathOf } from '../../fixtures/index.ts';
import { eventually } from '../../sandbox/index.ts';
import type { KubeObject } from '../../sandbox/index.ts';
import { changed, CRDS, crdChanged, gone, made, namespace, RESTING, versionsOf, withoutStored, type Case } from './put.ts';

const configMap = (name: string, more: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels: { 'environment.metal3.io': 'baremetal' }, ...more },
});
const MAPS = pathOf('ConfigMap', 'metal3');
const EDGE_MAPS = pathOf('ConfigMap', 'edge');

/** What objects and kinds are like. */
export const OBJECTS: readonly Case[] = [
  {
    name: 'a kind that the target does not have',
    put: async ({ t }) => {
      await t.delete(`${CRDS}/machinedrainrules.cluster.x-k8s.io`);
      await eventually('the CRD to be gone', async () => (await t.get(`${CRDS}/machinedrainrules.cluster.x-k8s.io`)) === undefined);
      return () => installCrds(t);
    },
    says: [
      /machinedrainrules\.cluster\.x-k8s\.io: The target does not know machinedrainrules\.cluster\.x-k8s\.io/,
      /objects\/kind-missing/,
    ],
    fix: /install the provider of cluster\.x-k8s\.io on the target/,
    absolute: 'objects/kind-missing',
  },
  {
    name: 'a version that the target does not serve',
    put: ({ t }) => withoutStored(t, 'kubeadmconfigtemplates.bootstrap.cluster.x-k8s.io'),
    says: [
      /The source stores kubeadmconfigtemplates\.bootstrap\.cluster\.x-k8s\.io as v1beta2, which the target does not serve/,
      /objects\/version-missing/,
    ],
    fix: /bring the provider of bootstrap\.cluster\.x-k8s\.io to the same version/,
    absolute: 'objects/version-missing',
  },
  {
    name: 'a field of ours that an older CRD on the target would prune',
    put: ({ t }) =>
      crdChanged(t, 'baremetalhosts.metal3.io', (crd) => {
        for (const { schema } of versionsOf(crd))
          Reflect.deleteProperty(schema.openAPIV3Schema.properties['spec']?.properties ?? {}, 'preprovisioningNetworkDataName');
      }),
    says: [/The target would drop spec\.preprovisioningNetworkDataName of \d baremetalhosts\.metal3\.io \(.*host-000\d/, /objects\/pruned/],
    fix: /bring the provider to the same version on both sides/,
    allow: 'objects/pruned=baremetalhosts.metal3.io',
  },
  {
    name: 'an object of the same name that somebody else made on the target',
    put: async ({ t }) => {
      const undo = await namespace(t, 'metal3');
      await t.create(MAPS, configMap('cni-manifest'));
      return undo;
    },
    says: [/ConfigMap metal3\/cni-manifest is on the target already and differs/, /objects\/foreign/],
    fix: /--on-conflict=adopt\|overwrite, or remove it on the target/,
    allow: 'objects/foreign',
  },
  {
    name: 'a host that the target manages already, under another name',
    put: async ({ s, t }) => {
      const undo = await namespace(t, 'metal3');
      const host = (await s.get(RESTING)) as KubeObject;
      const annotations = { 'baremetalhost.metal3.io/paused': 'by its user' };
      await t.create(pathOf('BareMetalHost', 'metal3'), {
        ...host,
        metadata: { name: 'theirs', annotations },
        spec: { ...host.spec, consumerRef: undefined },
      });
      return async () => {
        await gone(t, pathOf('BareMetalHost', 'metal3', 'theirs'));
        await undo();
      };
    },
    says: [
      /the target cluster has BareMetalHost metal3\/theirs with the same BMC address as BareMetalHost metal3\/host-0004/,
      /hosts\/managed-on-target/,
    ],
    fix: /detach and delete it on the target.*get baremetalhost theirs/,
    allow: 'hosts/managed-on-target=metal3/host-0004',
  },
  {
    name: 'an object that is being deleted',
    put: async ({ s }) => {
      const undo = await made(
        s,
        MAPS,
        configMap('leaving', { finalizers: ['example.com/hold'], labels: { 'environment.metal3.io': 'baremetal' } }),
      );
      await s.delete(`${MAPS}/leaving`);
      return undo;
    },
    says: [/ConfigMap metal3\/leaving is being deleted since .*; what waits: example\.com\/hold/, /objects\/deleting/],
    fix: /wait until it is gone/,
    allow: 'objects/deleting=ConfigMap metal3/leaving',
  },
  {
    name: 'a namespace that is going away on the target',
    put: async ({ t }) => {
      await t.create('/api/v1/namespaces', { metadata: { name: 'edge' } });
      await t.create(EDGE_MAPS, configMap('last', { finalizers: ['example.com/hold'] }));
      await t.delete('/api/v1/namespaces/edge');
      return async () => {
        await t.patch(`${EDGE_MAPS}/last`, { metadata: { finalizers: null } });
        await eventually('the namespace to be gone', async () => (await t.get('/api/v1/namespaces/edge')) === undefined, 60_000);
      };
    },
    says: [/Namespace edge is being deleted on the target/, /objects\/namespace-terminating/],
    fix: /wait until it is gone/,
    allow: 'objects/namespace-terminating=edge',
  },
  {
    name: 'an owner that does not move',
    put: async ({ s }) => {
      const outside = await s.create(MAPS, { metadata: { name: 'outside' } });
      const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'outside', uid: outside.metadata.uid };
      const undo = await made(s, MAPS, configMap('inside', { ownerReferences: [owner] }));
      return async () => {
        await undo();
        await gone(s, `${MAPS}/outside`);
      };
    },
    says: [/ConfigMap metal3\/inside belongs to ConfigMap outside, which does not move and is not on the target/, /objects\/owner-outside/],
    fix: /label ConfigMap outside to be moved, or take the owner reference off/,
    allow: 'objects/owner-outside=ConfigMap metal3/inside',
  },
  {
    name: 'a required name that leads nowhere',
    put: async ({ s }) => {
      const { spec } = (await s.get(RESTING)) as KubeObject;
      const bmc = spec?.['bmc'] as { credentialsName: string };
      return changed(
        s,
        RESTING,
        { spec: { bmc: { credentialsName: 'nowhere' } } },
        { spec: { bmc: { credentialsName: bmc.credentialsName } } },
      );
    },
    says: [
      /BareMetalHost metal3\/host-0004 names secrets\/metal3\/nowhere \(spec\.bmc\.credentialsName\), which does not exist/,
      /objects\/dangling/,
    ],
    fix: /make secrets\/metal3\/nowhere, or take the name out of BareMetalHost metal3\/host-0004/,
    allow: 'objects/dangling',
  },
];
