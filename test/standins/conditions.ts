/** Conditions as Cluster API writes them. */
import type { KubeObject } from '../sandbox/index.ts';

interface Condition {
  type: string;
  status: string;
}

/** The status with that condition so; undefined when it is so already. */
export function withCondition(object: KubeObject, type: string, is: boolean, reason: string): Record<string, unknown> | undefined {
  const conditions = (object.status?.['conditions'] ?? []) as Condition[];
  const status = is ? 'True' : 'False';
  const former = conditions.find((one) => one.type === type);
  if (former?.status === status && type === 'Paused') return undefined;
  const lastTransitionTime = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const observedGeneration = (object.metadata as { generation?: number }).generation ?? 1;
  const condition = { type, status, reason, message: '', lastTransitionTime, observedGeneration };
  return { ...object.status, conditions: [...conditions.filter((one) => one.type !== type), condition] };
}
