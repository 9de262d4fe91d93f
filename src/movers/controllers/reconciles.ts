/** Which controller reconciles which kind. */
import type { KindName } from '../../kinds/kind.ts';
import type { Component } from './recognise.ts';

const BY_GROUP: Readonly<Record<string, Component>> = {
  'metal3.io': 'bmo',
  'cluster.x-k8s.io': 'capi',
  'addons.cluster.x-k8s.io': 'capi',
  'runtime.cluster.x-k8s.io': 'capi',
  'bootstrap.cluster.x-k8s.io': 'bootstrap',
  'controlplane.cluster.x-k8s.io': 'control-plane',
  'ipam.metal3.io': 'ipam',
  'ipam.cluster.x-k8s.io': 'ipam',
};

/** undefined: none that we know. Of the infrastructure group only Metal3's own kinds are CAPM3's. */
export function reconcilerOf({ group, kind }: KindName): Component | undefined {
  if (group === 'infrastructure.cluster.x-k8s.io') return kind.startsWith('Metal3') ? 'capm3' : undefined;
  return BY_GROUP[group];
}
