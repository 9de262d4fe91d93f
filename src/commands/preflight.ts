import { Args } from '@oclif/core';
import { MigrateCommand } from '../cli/migrate-command.ts';
import { JUDGED, preflight } from '../cli/preflight.ts';
import { printRoleFlags } from '../cli/print-role.ts';
import * as flags from '../cli/flags.ts';

export default class Preflight extends MigrateCommand<typeof Preflight> {
  static override summary = 'say what stands in the way of a pivot or a move of objects, and change nothing';

  static override description = `Reads both clusters and judges them by every rule that a pivot follows, or move-objects with the same flags and names.
Exit code 0: nothing blocks; 4: something does. With -o name the blocking findings are printed as --allow takes them.`;

  static override examples = [
    { description: 'Judge both sides', command: 'kubectl migrate preflight -s source.yaml -t target.yaml' },
    {
      description: 'See what is left once a rule is allowed by name',
      command: 'kubectl migrate preflight -s source.yaml -t target.yaml --allow hosts/steady=metal3/node-7',
    },
    {
      description: 'Judge what move-objects would do with one Cluster',
      command: 'kubectl migrate preflight move-objects cluster/prod -s source.yaml -t target.yaml -n team-a',
    },
    {
      description: 'Grant exactly what a pivot needs, on each side',
      command: `kubectl migrate preflight -s source.yaml -t target.yaml --print-role=source --for ada | kubectl --kubeconfig source.yaml apply -f -
kubectl migrate preflight -s source.yaml -t target.yaml --print-role=target --for ada | kubectl --kubeconfig target.yaml apply -f -`,
    },
  ];

  /** For help and completion; see wordsAndFlags. */
  static override args = {
    runbook: Args.string({ description: 'the procedure to judge for; pivot when not said', options: [...JUDGED], ignoreStdin: true }),
    'type/name': Args.string({ description: 'of move-objects: only these', multiple: true, ignoreStdin: true }),
  };

  static override flags = {
    ...flags.clusterFlags,
    ...flags.identityFlags,
    ...flags.scopeFlags,
    ...flags.selectionFlags,
    ...flags.everywhereFlag('all namespaces; the default of a pivot, while move-objects takes that of the source context'),
    ...flags.missingOwnerFlag,
    ...flags.kindsFlag,
    ...flags.allowFlag,
    ...printRoleFlags,
    ...flags.stateDirFlag,
    ...flags.eventFlags,
  };

  /** The parser has no word that may be left out before several others: they are read as one list. */
  protected override async wordsAndFlags(argv: string[]) {
    const words = Args.string({ multiple: true, ignoreStdin: true });
    const { flags, args } = await this.parse({ flags: Preflight.flags, baseFlags: Preflight.baseFlags, args: { words } }, argv);
    const [runbook, ...names] = args.words ?? [];
    return { flags, args: { runbook, 'type/name': names } };
  }

  protected override async act() {
    return await preflight(this.args.runbook ?? 'pivot', this.args['type/name'] ?? [], this.flags, this.desk);
  }
}
