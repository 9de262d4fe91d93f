import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { discovered } from './discovered.ts';
import { NAMESPACE } from './workloads.ts';

describe('discovering webhooks', () => {
  it('tells whom they guard, whether they fail closed and whether anybody answers', async () => {
    const rules = (group: string, resource: string) => [{ apiGroups: [group], resources: [resource], operations: ['CREATE'] }];
    const service = (name: string) => ({ service: { namespace: NAMESPACE, name } });
    const { facts } = await discovered((cluster) => {
      cluster.put({
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'MutatingWebhookConfiguration',
        metadata: { name: 'm' },
        webhooks: [
          { name: 'ready', rules: rules('metal3.io', 'baremetalhosts'), clientConfig: service('ready') },
          { name: 'dead', failurePolicy: 'Ignore', rules: rules('ipam.metal3.io', 'ippools'), clientConfig: service('dead') },
          { name: 'url', rules: rules('*', '*'), clientConfig: { url: 'https://x' } },
          { name: 'status', rules: rules('metal3.io', 'baremetalhosts/status'), clientConfig: service('ready') },
          { name: 'pods', rules: rules('', 'pods'), clientConfig: service('dead') },
        ],
      });
      const slice = (name: string, ready: boolean) => ({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name: `${name}-1`, namespace: NAMESPACE, labels: { 'kubernetes.io/service-name': name } },
        endpoints: [{ conditions: { ready } }],
      });
      cluster.put(slice('ready', true));
      cluster.put(slice('dead', false));
    });
    assert.deepEqual(
      facts.webhooks.map(({ name, failClosed, resources, endpoints, configuration }) => ({
        name,
        failClosed,
        resources,
        endpoints,
        kind: configuration.kind,
      })),
      [
        { name: 'ready', failClosed: true, resources: ['baremetalhosts.metal3.io'], endpoints: true, kind: 'MutatingWebhookConfiguration' },
        { name: 'dead', failClosed: false, resources: ['ippools.ipam.metal3.io'], endpoints: false, kind: 'MutatingWebhookConfiguration' },
        { name: 'url', failClosed: true, resources: ['secrets', 'configmaps'], endpoints: undefined, kind: 'MutatingWebhookConfiguration' },
      ],
    );
  });
});
