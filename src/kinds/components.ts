/** Which controller acts on a kind, by its API group: the components that workloads are recognised as. */

/** As `WorkloadFact.component` names them. */
export type ActingComponent = 'bmo' | 'capm3' | 'ipam' | 'capi' | 'bootstrap' | 'control-plane';

const GROUPS: readonly (readonly [RegExp, ActingComponent])[] = [
  [/^[^.]+\.metal3\.io$/, 'bmo'],
  [/^[^.]+\.ipam\.metal3\.io$/, 'ipam'],
  [/^metal3[^.]*\.infrastructure\.cluster\.x-k8s\.io$/, 'capm3'],
  [/^[^.]+\.bootstrap\.cluster\.x-k8s\.io$/, 'bootstrap'],
  [/^[^.]+\.controlplane\.cluster\.x-k8s\.io$/, 'control-plane'],
  [/^[^.]+\.((addons|runtime|ipam)\.)?cluster\.x-k8s\.io$/, 'capi'],
];

/** @param id `resource.group` */
export function componentOfKind(id: string): ActingComponent | undefined {
  return GROUPS.find(([pattern]) => pattern.test(id))?.[1];
}
