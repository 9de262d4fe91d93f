// The status of a Pod and of a Node as a kubelet writes them, as far as controllers and tests look.
import type { KubeObject } from './client.ts';

/** How the one process of a Pod is doing. */
export type ProcessState =
  | { readonly kind: 'missing' } // no program belongs to this Pod
  | { readonly kind: 'running'; readonly since: string; readonly ready: boolean }
  | { readonly kind: 'ended'; readonly since: string; readonly how: number | string; readonly final: boolean };

/** The time now as Kubernetes writes it (RFC 3339, seconds). */
export function now(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}

/** The status of a Pod. `podIp` is made up: the API server refuses EndpointSlices with loopback addresses. */
export function podStatus(pod: KubeObject, state: ProcessState, restarts: number, podIp: string): Record<string, unknown> {
  const ready = state.kind === 'running' && state.ready;
  const containers = (pod.spec?.['containers'] ?? []) as { name: string; image: string }[];
  const condition = (type: string, is: boolean) => ({ type, status: is ? 'True' : 'False', lastTransitionTime: now() });
  return {
    phase: phase(state),
    hostIP: '127.0.0.1',
    podIP: podIp,
    podIPs: [{ ip: podIp }],
    startTime: (pod.status?.['startTime'] as string | undefined) ?? now(),
    conditions: [
      condition('PodScheduled', true),
      condition('PodReadyToStartContainers', state.kind !== 'missing'),
      condition('Initialized', true),
      condition('ContainersReady', ready),
      condition('Ready', ready),
    ],
    containerStatuses: containers.map(({ name, image }) => ({
      name,
      image,
      imageID: image,
      containerID: `process://${pod.metadata.uid}/${name}`,
      ready,
      started: state.kind === 'running',
      restartCount: restarts,
      state: containerState(state),
    })),
  };
}

function phase(state: ProcessState): string {
  if (state.kind === 'missing') return 'Pending';
  if (state.kind === 'running' || !state.final) return 'Running';
  return state.how === 0 ? 'Succeeded' : 'Failed';
}

function containerState(state: ProcessState): Record<string, unknown> {
  switch (state.kind) {
    case 'missing':
      return { waiting: { reason: 'ErrImagePull', message: 'no program of the sandbox belongs to this Pod' } };
    case 'running':
      return { running: { startedAt: state.since } };
    case 'ended': {
      const exitCode = typeof state.how === 'number' ? state.how : 137;
      return { terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', finishedAt: state.since } };
    }
  }
}

/** The status of the sandbox's node: ready, with room for everything. */
export function nodeStatus(name: string): Record<string, unknown> {
  const room = { cpu: '64', memory: '256Gi', pods: '10000', 'ephemeral-storage': '1Ti' };
  return {
    capacity: room,
    allocatable: room,
    addresses: [
      { type: 'InternalIP', address: '127.0.0.1' },
      { type: 'Hostname', address: name },
    ],
    conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', lastTransitionTime: now(), lastHeartbeatTime: now() }],
  };
}
