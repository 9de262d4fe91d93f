/** Secrets and ConfigMaps: data, acted upon by nobody. */
import type { KindEntry } from './kind.ts';

export const CORE: readonly KindEntry[] = [
  { kind: 'Secret', resource: 'secrets', hold: { by: 'rest' } },
  { kind: 'ConfigMap', resource: 'configmaps', hold: { by: 'rest' } },
];
