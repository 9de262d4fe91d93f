import { Args } from '@oclif/core';
import { backupKeyFlags } from '../cli/backup.ts';
import { courseOf } from '../cli/courses.ts';
import * as flags from '../cli/flags.ts';
import { MigrateCommand } from '../cli/migrate-command.ts';
import { restore } from '../cli/restore.ts';

export default class Restore extends MigrateCommand<typeof Restore> {
  static override summary = 'create the objects of a backup on a cluster, with status and owners';

  static override description = `Opens a backup that "pivot --backup" or "move-objects --backup" wrote, proves every byte of it, then creates what is in it: owners
first, held until all of it is equal to the backup, then released. Nothing is written before the whole file is proven, and a host
without status is refused: it would be taken for a new server. The cluster that the backup was taken of is not asked: see first
that nobody acts on the same servers there.`;

  static override examples = [
    {
      description: 'Look first: what would be created, and what stands in the way',
      command: 'kubectl migrate restore site-a.age -t target.yaml --backup-identity key.txt --dry-run=client',
    },
    {
      description: 'Create it, asking before the target acts on it',
      command: 'kubectl migrate restore site-a.age -t target.yaml --backup-identity key.txt',
    },
    {
      description: 'One namespace of it, in a script, opened by a passphrase',
      command: 'kubectl migrate restore site-a.age -t target.yaml -n team-a --backup-passphrase-file pass.txt --yes',
    },
  ];

  static override args = {
    file: Args.string({ description: 'the backup', required: true, ignoreStdin: true }),
    'type/name': Args.string({ description: 'only these, each with all that belongs to it', multiple: true, ignoreStdin: true }),
  };

  static override flags = {
    ...flags.targetFlags,
    ...backupKeyFlags,
    ...flags.selectionFlags,
    ...flags.missingOwnerFlag,
    ...flags.kindsFlag,
    ...flags.lockAndConflictFlags,
    ...flags.dryRunFlag,
    ...flags.untilFlag,
    ...flags.yesFlag('release without asking; the target must then be named'),
    ...flags.allowFlag,
    ...flags.timeoutFlag({ default: 600_000 }),
    ...flags.stateDirFlag,
    ...flags.eventFlags,
  };

  protected override async act() {
    return await restore(this.args.file, this.args['type/name'] ?? [], this.flags, courseOf(this.flags), this.desk);
  }
}
