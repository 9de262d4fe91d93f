/** What every command shares: flags of all, the one place where errors become text and exit codes, and the one that prints results. */
import { Command } from '@oclif/core/command';
import type { Interfaces } from '@oclif/core';
import { failureEvent, usageOf } from './exit.ts';
import { printFailure, printOutcome } from '../ui/output.ts';
import type { Format, Outcome, Trouble } from '../ui/outcome.ts';
import { troubleLines, troubleOf } from '../ui/errors.ts';
import { summaryLines } from '../ui/summary.ts';
import { normaliseArgv, outputAskedFor } from './argv.ts';
import type { FlagShape } from './argv.ts';
import { Desk } from './desk.ts';
import { DRY_RUN_WARNING, globalFlags } from './flags.ts';
import { EVERY_SIDE } from './print-role.ts';
import { Detailed } from './refused.ts';
import { processWorld } from './world.ts';
import type { World } from './world.ts';

type FlagsOf<T extends typeof Command> = Interfaces.InferredFlags<(typeof MigrateCommand)['baseFlags'] & T['flags']>;
type ArgsOf<T extends typeof Command> = Interfaces.InferredArgs<T['args']>;

export abstract class MigrateCommand<T extends typeof Command> extends Command {
  static override baseFlags = globalFlags;

  /** The process; tests put their own here. */
  world: World = processWorld;
  protected flags!: FlagsOf<T>;
  protected args!: ArgsOf<T>;
  protected desk!: Desk;

  /** Does what the command is for. Throws what went wrong. */
  protected abstract act(): Promise<Outcome>;

  override async run(): Promise<void> {
    try {
      await this.#sitDown();
      const outcome = await this.act();
      await this.#tell(outcome);
    } catch (error) {
      await this.#fail(error);
    } finally {
      // Parsing may have failed before there was one.
      (this.desk as Desk | undefined)?.signals.release();
    }
  }

  async #sitDown(): Promise<void> {
    const { argv, warnings } = normaliseArgv(this.argv, this.#shapes());
    // oclif infers nothing through a class that is itself a parameter.
    const parsed = await this.wordsAndFlags([...argv]);
    this.flags = parsed.flags as FlagsOf<T>;
    this.args = parsed.args as ArgsOf<T>;
    this.desk = new Desk(this.world, this.flags, this.config.version);
    for (const warning of warnings) this.desk.warn(warning);
  }

  /** Flags and words by name, as the statics of the command declare them; overridden where the parser cannot read the words so. */
  protected async wordsAndFlags(argv: string[]): Promise<{ readonly flags: unknown; readonly args: unknown }> {
    return await this.parse(this.ctor, argv);
  }

  /** stdout first: the last line on a terminal is the next command. */
  async #tell(outcome: Outcome): Promise<void> {
    const { desk } = this;
    desk.progress.close();
    const { stdout, stderr } = desk.streams;
    const exit = desk.exitCode(outcome.exit);
    await printOutcome({ ...outcome, exit }, desk.format, { out: stdout, look: desk.look(stdout), now: desk.world.now() });
    if (outcome.kind === 'Run') {
      const air = stdout.tty && outcome.items.length > 0 ? [''] : [];
      desk.progress.say([...air, ...summaryLines({ ...outcome.summary, exit }, desk.look(stderr))]);
    }
    desk.world.exitWith(exit);
  }

  async #fail(error: unknown): Promise<void> {
    const desk = (this.desk as Desk | undefined) ?? this.#bareDesk();
    const told = usageOf(error, `kubectl migrate ${(this.id ?? '').replaceAll(':', ' ')}`, this.#flagNames());
    const trouble = troubleOf(told, desk.unexpected);
    const exit = desk.exitCode(trouble.exit);
    desk.progress.close();
    const { stdout } = desk.streams;
    const more = told instanceof Detailed ? told.document : {};
    await printFailure({ ...trouble, exit } as Trouble, desk.format, { out: stdout, look: desk.look(stdout), now: desk.world.now() }, more);
    if (!desk.failureTold) this.#tellFailure(trouble, desk);
    desk.world.exitWith(exit);
  }

  #tellFailure(trouble: Trouble, desk: Desk): void {
    if (desk.showing === 'ndjson') desk.listener(failureEvent(trouble, desk.world.now()));
    else
      desk.streams.stderr.write(
        troubleLines(trouble, desk.look(desk.streams.stderr).palette, desk.verbosity)
          .map((line) => `${line}\n`)
          .join(''),
      );
  }

  /** For a command line that could not be parsed: what can be read of it decides how that is told. */
  #bareDesk(): Desk {
    const asked = outputAskedFor(this.argv);
    const output = FORMATS.find((format) => format === asked);
    const events = this.argv.some((token, index) => token === '--events=json' || (token === '--events' && this.argv[index + 1] === 'json'));
    return new Desk(
      this.world,
      { output, events: events ? 'json' : undefined, 'no-color': this.argv.includes('--no-color') },
      this.config.version,
    );
  }

  #shapes(): FlagShape[] {
    return Object.entries({ ...globalFlags, ...this.ctor.flags }).map(([name, { char, type }]) => ({
      name,
      char,
      type: type === 'boolean' ? 'boolean' : 'option',
      bare: BARE[name],
    }));
  }

  #flagNames(): string[] {
    return Object.entries({ ...globalFlags, ...this.ctor.flags })
      .filter(([, { hidden }]) => hidden !== true)
      .map(([name]) => name);
  }
}

/** Flags whose value follows after `=` only. */
const BARE: Readonly<Record<string, FlagShape['bare']>> = {
  'dry-run': { value: 'client', warning: DRY_RUN_WARNING },
  'print-role': { value: EVERY_SIDE },
};

const FORMATS: readonly Exclude<Format, 'text'>[] = ['wide', 'name', 'json', 'yaml'];
