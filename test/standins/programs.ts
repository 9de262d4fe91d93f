/** Says which stand-in runs for a Pod, for the sandbox's kubelet; what it needs to know stands in the Pod's environment. */
import type { Programs } from '../sandbox/index.ts';
import { READY } from './controller.ts';
import { stripped } from './stripped.ts';

/** The last part of an image's name to the stand-in. */
const STANDINS: Readonly<Record<string, string>> = {
  'baremetal-operator': 'bmo.ts',
  'cluster-api-provider-metal3': 'capm3.ts',
  'ip-address-manager': 'ipam.ts',
  'cluster-api-controller': 'capi.ts',
  'kubeadm-bootstrap-controller': 'kubeadm.ts',
  'kubeadm-control-plane-controller': 'kubeadm.ts',
  ironic: 'ironic.ts',
};

interface Container {
  image: string;
  env?: { name: string; value?: string }[];
}

/** A Pod whose first container is of no provider has no program and stays Pending. */
export const programs: Programs = (pod) => {
  const [first] = (pod.spec?.['containers'] ?? []) as Container[];
  const standin = STANDINS[/([^/:]+)(:[^/]*)?$/.exec(first?.image ?? '')?.[1] ?? ''];
  if (first === undefined || standin === undefined) return undefined;
  const env = Object.fromEntries((first.env ?? []).map(({ name, value = '' }) => [name, value]));
  return { command: [process.execPath, stripped(standin)], env, readyWhen: READY };
};
