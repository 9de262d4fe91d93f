import { Args } from '@oclif/core';
import { importRun } from '../../cli/archive.ts';
import * as flags from '../../cli/flags.ts';
import { MigrateCommand } from '../../cli/migrate-command.ts';

export default class RunsImport extends MigrateCommand<typeof RunsImport> {
  static override summary = 'take a run that was exported elsewhere';

  static override description = `Proves that the file is whole and puts the run into the state directory. No cluster is contacted and no lock is taken:
"resume --steal-lock" and "rollback --steal-lock" do that, once it is sure that nobody works on it elsewhere.`;

  static override examples = [
    {
      description: "Go on with a colleague's run",
      command: 'kubectl migrate runs import run.tar.gz\nkubectl migrate resume RUN --steal-lock -s source.yaml -t target.yaml',
    },
  ];

  static override args = { file: Args.string({ description: 'what "runs export" wrote; - is stdin', required: true, ignoreStdin: true }) };

  static override flags = { ...flags.stateDirFlag };

  protected override async act() {
    return await importRun(this.args.file, this.desk);
  }
}
