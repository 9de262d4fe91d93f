import { Args } from '@oclif/core';
import { VERIFY_EXIT_CODES } from '../cli/exit.ts';
import * as flags from '../cli/flags.ts';
import { MigrateCommand } from '../cli/migrate-command.ts';
import { verify } from '../cli/verify.ts';

export default class Verify extends MigrateCommand<typeof Verify> {
  static override summary = 'compare the target with what a run recorded, or two live clusters with each other';

  static override description = `With RUN: the target against the record of that run, also when the originals are gone. With --source and --target: what is in
scope on the source against the same on the target. Says field by field what differs, of Secrets the path only, and ends
with a hash over the set that two people can compare by voice. Changes nothing. Without both: the unfinished run, else the last one.`;

  static override examples = [
    { description: 'Is the target still as it was verified?', command: 'kubectl migrate verify RUN' },
    { description: 'Compare two live clusters', command: 'kubectl migrate verify -s source.yaml -t target.yaml' },
    {
      description: 'In a script: which objects differ',
      command: "kubectl migrate verify RUN -o json | jq -r '.different[].name'",
    },
  ];

  static override args = { run: Args.string({ description: 'id of the run', ignoreStdin: true }) };

  static override flags = {
    namespace: flags.scopeFlags.namespace,
    'all-namespaces': flags.scopeFlags['all-namespaces'],
    ...flags.clusterFlags,
    ...flags.identityFlags,
    ...flags.kindsFlag,
    ...flags.stateDirFlag,
  };

  /** For help: 1 is an answer here. */
  static exitCodes = VERIFY_EXIT_CODES;

  protected override async act() {
    return await verify(this.args.run, this.flags, this.desk);
  }
}
