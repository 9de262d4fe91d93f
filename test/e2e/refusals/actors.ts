/** Hosts, controllers and scopes that stand in the way of a pivot. */
import { pathOf } from '../../fixtures/index.ts';
import type { KubeObject } from '../../sandbox/index.ts';
import { changed, made, nothing, RESTING, type Case } from './put.ts';

const SYSTEM = 'baremetal-operator-system';
const DEPLOYMENTS = `/apis/apps/v1/namespaces/${SYSTEM}/deployments`;
const BMO = `${DEPLOYMENTS}/baremetal-operator-controller-manager`;
export const IRONIC = `${DEPLOYMENTS}/baremetal-operator-ironic`;

/** Hosts and who acts on them. */
export const ACTORS: readonly Case[] = [
  {
    name: 'a host that is not at rest',
    put: ({ s }) =>
      changed(
        s,
        `${RESTING}/status`,
        { status: { operationalStatus: 'error', errorMessage: 'power lost', errorType: 'power management error' } },
        { status: { operationalStatus: 'OK', errorMessage: '', errorType: null } },
      ),
    says: [
      /metal3\/host-0004: BareMetalHost metal3\/host-0004 is "error" \(power lost\): only hosts at rest can be handed over/,
      /hosts\/steady/,
    ],
    fix: /wait until it is at rest, or hold it back with --allow hosts\/steady=metal3\/host-0004/,
    allow: 'hosts/steady=metal3/host-0004',
  },
  {
    name: 'a host without a status',
    put: async ({ s }) => {
      const host = (await s.get(RESTING)) as KubeObject;
      const { spec } = host;
      // The mark of CAPM3 keeps the source's operator off; to the program it is no pause of a user.
      const annotations = { 'baremetalhost.metal3.io/paused': 'metal3.io/capm3' };
      const bmc = { ...(spec?.['bmc'] as object), address: 'redfish://192.168.9.9/redfish/v1/Systems/1' };
      return made(s, pathOf('BareMetalHost', 'metal3'), {
        ...host,
        metadata: { name: 'fresh', annotations },
        spec: { ...spec, bmc, bootMACAddress: '52:54:00:00:99:99' },
        status: undefined,
      });
    },
    says: [
      /BareMetalHost metal3\/fresh has no status yet: the target would take it for a new server/,
      /hosts\/status-missing; cannot be allowed/,
    ],
    fix: /wait until the source has registered it/,
    absolute: 'hosts/status-missing',
  },
  {
    name: 'a fail-closed webhook that nobody answers',
    put: ({ t }) =>
      made(t, '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations', {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingWebhookConfiguration',
        metadata: { name: 'guard' },
        webhooks: [
          {
            name: 'guard.example.com',
            admissionReviewVersions: ['v1'],
            clientConfig: { service: { namespace: 'default', name: 'guard' } },
            failurePolicy: 'Fail',
            rules: [{ apiGroups: ['cluster.x-k8s.io'], apiVersions: ['*'], operations: ['CREATE'], resources: ['machinedrainrules'] }],
            sideEffects: 'None',
          },
        ],
      }),
    says: [
      /webhook guard\.example\.com on the target cluster guards machinedrainrules\.cluster\.x-k8s\.io, but its Service default\/guard has no ready endpoints/,
    ],
    fix: /kubectl --context admin -n default get pods/,
    allow: 'webhooks/endpoints=target/guard/guard.example.com',
  },
  {
    name: 'an operator that Flux keeps as it is',
    put: ({ s }) => {
      const label = (value: string | null): object => ({
        metadata: { labels: { 'kustomize.toolkit.fluxcd.io/name': value, 'kustomize.toolkit.fluxcd.io/namespace': value } },
      });
      return changed(s, BMO, label('metal'), label(null));
    },
    says: [
      /source\/bmo: Flux's Kustomization metal\/metal writes Deployment baremetal-operator-system\/baremetal-operator-controller-manager on the source cluster and would undo/,
    ],
    fix: /flux suspend kustomization metal -n metal --context admin/,
    allow: 'controllers/writers=source/bmo',
  },
  {
    name: 'an operator that an autoscaler scales',
    put: ({ s }) =>
      made(s, `/apis/autoscaling/v2/namespaces/${SYSTEM}/horizontalpodautoscalers`, {
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: { name: 'bmo' },
        spec: {
          maxReplicas: 2,
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'baremetal-operator-controller-manager' },
        },
      }),
    says: [
      /the HorizontalPodAutoscaler baremetal-operator-system\/bmo writes Deployment baremetal-operator-system\/baremetal-operator-controller-manager/,
    ],
    fix: /delete horizontalpodautoscaler bmo/,
    allow: 'controllers/writers=source/bmo',
  },
  {
    name: 'a second Ironic that cannot be scaled to 0',
    put: async ({ t }) => {
      const labels = { app: 'second-ironic' };
      const containers = [{ name: 'ironic', image: 'quay.io/metal3-io/ironic:v38.0.0' }];
      const sets = `/apis/apps/v1/namespaces/${SYSTEM}/daemonsets`;
      const undo = await made(t, sets, {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        metadata: { name: 'second' },
        spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
      });
      await t.patch(`${sets}/second/status`, {
        status: { desiredNumberScheduled: 1, currentNumberScheduled: 1, numberMisscheduled: 0, numberReady: 1 },
      });
      return undo;
    },
    says: [
      /Ironic on the target cluster is a DaemonSet baremetal-operator-system\/second, which cannot be scaled to 0: two Ironics/,
      /ironic\/two; cannot be allowed/,
    ],
    fix: /save and delete its Ironic object on admin/,
    absolute: 'ironic/two',
  },
  {
    name: "an Ironic of the target's that runs",
    put: async ({ t }) => {
      await t.patch(IRONIC, { spec: { replicas: 1 } });
      return () => t.patch(IRONIC, { spec: { replicas: 0 } });
    },
    says: [
      /Ironic runs on the target cluster already \(Deployment baremetal-operator-system\/baremetal-operator-ironic: 1 replicas?/,
      /ironic\/target-running/,
    ],
    fix: /kubectl --context admin -n baremetal-operator-system scale deployment baremetal-operator-ironic --replicas=0/,
    allow: 'ironic/target-running',
  },
  {
    name: 'a lock of another run',
    put: ({ t }) =>
      made(t, '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases', {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: {
          name: 'kubectl-migrate',
          annotations: {
            'kubectl-migrate/run': 'pivot-20260101-0000-aaaa',
            'kubectl-migrate/process': 'p1',
            'kubectl-migrate/operator': 'ada',
            'kubectl-migrate/host': 'elsewhere',
          },
        },
        spec: { holderIdentity: 'pivot-20260101-0000-aaaa/p1' },
      }),
    says: [/target: the target cluster is locked by run pivot-20260101-0000-aaaa of ada on elsewhere/, /lock\/held; cannot be allowed/],
    fix: /kubectl migrate status pivot-20260101-0000-aaaa/,
    absolute: 'lock/held',
  },
];

/** What was asked for. */
export const SCOPES: readonly Case[] = [
  {
    name: 'a namespace with nothing in it',
    put: () => Promise.resolve(nothing),
    argv: ['-n', 'default'],
    says: [/Nothing to move in namespace default\. Objects to move are in: edge, metal3/, /scope\/empty/],
    fix: /-n edge,metal3/,
    absolute: 'scope/empty',
  },
  {
    name: 'a mistyped namespace',
    put: () => Promise.resolve(nothing),
    argv: ['-n', 'metal'],
    says: [/There is no namespace metal on the source\. Did you mean metal3\?/, /scope\/namespace-missing/],
    fix: /-n metal3/,
    absolute: 'scope/namespace-missing',
  },
  {
    name: 'hosts outside of the scope that the same controllers serve',
    put: () => Promise.resolve(nothing),
    argv: ['-n', 'metal3'],
    says: [/BareMetalHost edge\/host-0003 is outside of the scope, but served by the controllers that must stop/, /hosts\/outside/],
    fix: /add -n edge, or pause it/,
    allow: 'hosts/outside=edge/host-0003',
  },
];
