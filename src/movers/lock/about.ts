/**
 * What a Lease says of its run beside its name: enough to make the plan again from both clusters, when the machine that has it is lost. Options and
 * names of clusters only; nothing of an object is in it. Packed, since descriptions of kinds may be long and annotations are bounded.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Role } from '../../graph/ref.ts';
import type { Data, Plan } from '../../plan/plan.ts';

export interface About {
  readonly runbook: string;
  readonly clusters: Readonly<Record<Role, { readonly context: string; readonly server: string; readonly uid: string }>>;
  /** As the command line asked. */
  readonly request: Readonly<Record<string, Data>>;
  readonly allow: readonly string[];
  /** Descriptions of kinds that are not built in. `too long`: they did not fit. */
  readonly kinds: Data;
}

/** Of the 256 KiB that the annotations of an object may have together. */
const MOST = 128 * 1024;
const UNPACKED_MOST = 16 * 1024 * 1024;

/** undefined: the plan does not say what was asked for. */
export function aboutPlan(plan: Plan): string | undefined {
  if (plan.request === undefined) return undefined;
  const clusters = Object.fromEntries(
    Object.entries(plan.roles).map(([role, { context, server, uid }]) => [role, { context, server, uid }]),
  );
  const { runbook, request, allow } = plan;
  const whole = pack({ runbook, clusters, request, allow, kinds: plan.options['kinds'] ?? [] });
  return whole.length <= MOST ? whole : pack({ runbook, clusters, request, allow, kinds: 'too long' });
}

/** undefined: it is not readable as ours. */
export function readAbout(text: string | undefined): About | undefined {
  if (text === undefined) return undefined;
  try {
    const unpacked = gunzipSync(Buffer.from(text, 'base64'), { maxOutputLength: UNPACKED_MOST });
    const about = JSON.parse(unpacked.toString('utf8')) as Partial<About> | null;
    if (typeof about?.runbook !== 'string' || typeof about.request !== 'object' || typeof about.clusters !== 'object') return undefined;
    return { runbook: about.runbook, clusters: about.clusters, request: about.request, allow: about.allow ?? [], kinds: about.kinds ?? [] };
  } catch {
    return undefined;
  }
}

function pack(about: About): string {
  return gzipSync(JSON.stringify(about)).toString('base64');
}
