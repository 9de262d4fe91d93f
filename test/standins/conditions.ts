/** Conditions as Cluster API writes them. */
import type { KubeObject } from '../sandbox/index.ts';

interface Condition {
  type: string;
  status: string;
  observedGeneration?: number;
}

/** The status with that condition so; undefined when it is so already. */
export function withCondition(object: KubeObject, type: string, is: boolean, reason: string): Record<string, unknown> | undefined {
  const conditions = (object.status?.['conditions'] ?? []) as Condition[];
  const status = is ? 'True' : 'False';
  const former = conditions.find((one) => one.type === type);
  const observedGeneration = (object.metadata as { generation?: number }).generation ?? 1;
  if (former?.status === status && former.observedGeneration === observedGeneration && type === 'Paused') return undefined;
  const lastTransitionTime = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const condition = { type, status, reason, message: '', lastTransitionTime, observedGeneration };
  return { ...object.status, conditions: [...conditions.filter((one) => one.type !== type), condition] };
}
