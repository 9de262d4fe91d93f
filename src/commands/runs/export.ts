import { Args, Flags } from '@oclif/core';
import { exportRun } from '../../cli/archive.ts';
import * as flags from '../../cli/flags.ts';
import { MigrateCommand } from '../../cli/migrate-command.ts';

export default class RunsExport extends MigrateCommand<typeof RunsExport> {
  static override summary = 'write a run into one file, to hand it to somebody else';

  static override description = `Plan, journal and the key of the run's hashes; no value of a Secret. The file is readable by you alone.
Nobody may be working on the run here. Whoever imports it goes on with "resume --steal-lock".`;

  static override examples = [
    { description: 'Hand a run to a colleague', command: 'kubectl migrate runs export RUN -o run.tar.gz' },
    { description: 'Through a pipe', command: 'kubectl migrate runs export RUN -o - | ssh jump kubectl migrate runs import -' },
  ];

  static override args = { run: Args.string({ description: 'id of the run', required: true, ignoreStdin: true }) };

  static override flags = {
    output: Flags.string({
      char: 'o',
      summary: 'the file; - is stdout (default RUN.tar.gz)',
      helpValue: 'FILE',
      helpGroup: 'OUTPUT',
    }),
    ...flags.stateDirFlag,
  };

  /** Here -o is a file, and no format of what is told. */
  protected override async wordsAndFlags(argv: string[]) {
    const parsed = await this.parse(RunsExport, argv);
    const { output, ...rest } = parsed.flags;
    return { flags: { ...rest, file: output }, args: parsed.args };
  }

  protected override async act() {
    return await exportRun(this.args.run, (this.flags as { readonly file?: string }).file, this.desk);
  }
}
