// Real control planes for tests: etcd, kube-apiserver and kube-controller-manager on loopback, and a small kubelet.
export { auditEvents, type AuditEvent } from './audit.ts';
export { planesBinary } from './binaries.ts';
export { adminClient, ApiError, type AdminClient, type Answer, type KubeObject, type PatchType } from './client.ts';
export { clusterctl, type ClusterctlEnded } from './clusterctl.ts';
export { processesOf, stopDetached } from './detached.ts';
export { eventually } from './eventually.ts';
export { kubectl } from './kubectl.ts';
export { startKubelet, type Kubelet, type KubeletOptions } from './kubelet.ts';
export { lendPlanes, type Furnishing, type LoanOptions } from './lending.ts';
export type { Memory } from './memory.ts';
export { openPlane, startPlane, startPlanes, type PlaneOptions } from './plane.ts';
export type { PodProgram, Programs } from './pod-process.ts';
export type { Plane, UserOptions } from './running-plane.ts';
