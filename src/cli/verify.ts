/** What is compared: the target with what a run recorded, or two live sides. Which of the two the words on the command line say. */
import { VERIFY_EXIT, usageError } from '../errors.ts';
import type { Verification } from '../runs/runs.ts';
import type { Outcome } from '../ui/outcome.ts';
import { verificationHead } from '../ui/verify-view.ts';
import { chooseClusters, namedClusters, waysOf } from './clusters.ts';
import type { ClusterFlags } from './clusters.ts';
import type { Desk } from './desk.ts';
import { namespacesAsked, type NamespaceFlags } from './scope.ts';

export interface VerifyFlags extends ClusterFlags, NamespaceFlags {
  /** Of two live sides; a run knows the kinds that it was planned with. */
  readonly kinds?: readonly string[] | undefined;
}

/** Without a run and without clusters: the unfinished run, else the last one. */
export async function verify(run: string | undefined, flags: VerifyFlags, desk: Desk): Promise<Outcome> {
  const { world, streams } = desk;
  const ways = waysOf(desk);
  const clusters = await namedClusters(flags, ways);
  const narrowed = (flags.namespace ?? []).length > 0 || flags['all-namespaces'] === true;
  const ofRun = run !== undefined || (Object.keys(clusters).length === 0 && !narrowed);
  if (ofRun && narrowed)
    throw usageError('usage/scope', 'a run says itself what it is about: --namespace and --all-namespaces belong to two live sides', {
      next: ['kubectl migrate verify -s FILE -t FILE -n NAMESPACE'],
    });
  const verification = ofRun
    ? await world.runs.verifyRun(run, { ...clusters }, desk.deps())
    : await world.runs.verifySides(
        {
          ...(await chooseClusters(flags, ways)),
          namespaces: namespacesAsked(flags) ?? [],
          ...(flags.kinds === undefined ? {} : { kinds: flags.kinds }),
        },
        desk.deps(),
      );
  desk.progress.say(verificationHead(verification, desk.look(streams.stderr)));
  return { kind: 'Verification', verification, exit: exitOf(verification) };
}

/** A difference is an answer, whatever else could not be compared. */
function exitOf({ different, uncompared }: Verification): number {
  if (different.length > 0) return VERIFY_EXIT.different;
  return uncompared.length > 0 ? VERIFY_EXIT.uncompared : VERIFY_EXIT.equal;
}
