import { Args } from '@oclif/core';
import { MigrateCommand } from '../cli/migrate-command.ts';
import { pivot } from '../cli/pivot.ts';
import * as flags from '../cli/flags.ts';

export default class Preflight extends MigrateCommand<typeof Preflight> {
  static override summary = 'say what stands in the way of a pivot, and change nothing';

  static override description = `Reads both clusters and judges them by every rule that a pivot follows. Exit code 0: nothing blocks; 4: something does.
With -o name the blocking findings are printed as --allow takes them.`;

  static override examples = [
    { description: 'Judge both sides', command: 'kubectl migrate preflight -s source.yaml -t target.yaml' },
    {
      description: 'See what is left once a rule is allowed by name',
      command: 'kubectl migrate preflight -s source.yaml -t target.yaml --allow hosts/steady=metal3/node-7',
    },
  ];

  static override args = {
    runbook: Args.string({ description: 'the procedure to judge for; pivot', options: ['pivot'], ignoreStdin: true }),
  };

  static override flags = {
    ...flags.clusterFlags,
    ...flags.identityFlags,
    ...flags.scopeFlags,
    ...flags.kindsFlag,
    ...flags.allowFlag,
    ...flags.stateDirFlag,
    ...flags.eventFlags,
  };

  protected override async act() {
    return await pivot(this.flags, 'preflight', this.desk);
  }
}
