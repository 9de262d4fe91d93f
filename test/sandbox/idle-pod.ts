// Pods for the sandbox's own tests: their process does nothing until it is told to end, and can be found by the Pod's marker.
import type { KubeObject } from './client.ts';
import type { PodProgram } from './pod-process.ts';

const MARKER = 'sandbox/marker';
const IDLE = "setInterval(() => {}, 1000); console.log('idle')";

/** What runs for an idle Pod; the kubelet's `programs`. */
export function programs(pod: KubeObject): PodProgram | undefined {
  const marker = pod.metadata.annotations?.[MARKER];
  return marker === undefined ? undefined : { command: [process.execPath, '-e', IDLE, marker], readyWhen: 'idle' };
}

/** Metadata and spec of a Pod, or of a Pod template, whose process has `marker` in its command line. */
export function idlePod(marker: string, labels: Record<string, string> = {}) {
  return {
    metadata: { annotations: { [MARKER]: marker }, labels },
    spec: { containers: [{ name: 'idle', image: 'idle' }], terminationGracePeriodSeconds: 5 },
  };
}
