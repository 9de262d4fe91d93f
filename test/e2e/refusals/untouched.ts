/** That a refusal left nothing behind: no write on either side, no lock, no run directory. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { auditEvents } from '../../sandbox/index.ts';
import type { Ended, RunOptions, Stage } from '../stage.ts';

/** How a refusal has to look: exit code, what it says (rule, subject, sentence), and the line that says what to do. */
export interface Refusal {
  readonly exit: number;
  readonly says: readonly RegExp[];
  readonly fix: RegExp;
}

const LOCK = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kubectl-migrate';

/** What the program wrote since then, or tried to, dry runs included; an access review is no write. */
export async function writes(stage: Stage, since = ''): Promise<string[]> {
  const sides = await Promise.all([auditEvents(stage.source), auditEvents(stage.target)]);
  return sides
    .flat()
    .filter(({ at, userAgent, verb, resource }) => {
      const changes = ['create', 'update', 'patch', 'delete', 'deletecollection'].includes(verb);
      return at >= since && userAgent.startsWith('kubectl-migrate') && changes && resource !== 'selfsubjectaccessreviews';
    })
    .map(({ verb, uri }) => `${verb} ${uri}`);
}

/** Runs the program and holds it to the refusal. `locked`: a lock of somebody else stands. `silent`: nobody can say what to do. */
export async function refuses(
  stage: Stage,
  argv: readonly string[],
  refusal: Refusal,
  o: RunOptions & { locked?: boolean; silent?: boolean } = {},
): Promise<Ended> {
  const since = new Date().toISOString();
  const ended = await stage.run(argv, o);
  const told = flat(ended.stderr);
  assert.equal(ended.exit, refusal.exit, ended.stderr);
  for (const sentence of refusal.says) assert.match(told, sentence);
  assert.match(told, refusal.fix);
  if (o.silent !== true) assert.match(ended.stderr, /^next:|^ +→|^ +->/m, 'it says what to do');
  assert.doesNotMatch(ended.stderr, /^ +at .*\.[jt]s:\d+/m, 'no stack');
  assert.deepEqual(await writes(stage, since), [], 'nothing was written');
  assert.deepEqual(await readdir(stage.stateDir).catch(() => []), [], 'no run was left');
  if (o.locked !== true) assert.deepEqual(await Promise.all([stage.s.get(LOCK), stage.t.get(LOCK)]), [undefined, undefined]);
  return ended;
}

/** Wrapped lines as one. */
export function flat(text: string): string {
  return text.replace(/\s+/g, ' ');
}
