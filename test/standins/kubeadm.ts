/** Stand-in for the kubeadm bootstrap and control plane controllers: each has one kind. */
import { setting } from './controller.ts';
import { runPausing } from './pausing.ts';

const KINDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'kubeadm-bootstrap-manager-leader-election-capi': { KubeadmConfig: '' },
  'kubeadm-control-plane-manager-leader-election-capi': { KubeadmControlPlane: 'kubeadm.controlplane.cluster.x-k8s.io' },
};
const lease = setting('LEASE_NAME');

runPausing(KINDS[lease] ?? {}, lease);
