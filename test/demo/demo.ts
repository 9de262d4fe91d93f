/** `make demo`: two control planes, a fleet of live servers, a pivot as a user runs it, and the evidence. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Event, Summary } from '../../src/engine/events.ts';
import { hostStates, powerEvidence, statesLine } from './evidence.ts';
import { DIR, setScene, STATE_DIR, strikeOnSignals, strikeScene } from './scene.ts';

const PROGRAM = join(import.meta.dirname, '..', '..', 'bin', 'run.js');
const EVENTS = join(DIR, 'events.ndjson');
const tell = (line: string): void => void process.stderr.write(`demo: ${line}\n`);

/** The program, its progress on this terminal. @returns its exit code */
async function pivot(source: string, target: string): Promise<number> {
  const argv = ['pivot', '-s', source, '-t', target, '--yes', '--events-file', EVENTS];
  process.stderr.write(`\n$ kubectl migrate ${argv.slice(0, 6).join(' ')}\n`);
  const env = { KUBECTL_MIGRATE_STATE_DIR: STATE_DIR };
  const { exitCode } = await execa(process.execPath, [PROGRAM, ...argv], { reject: false, stdio: 'inherit', env });
  return exitCode ?? 1;
}

async function summaryOf(events: string): Promise<Summary | undefined> {
  const lines = (await readFile(events, 'utf8')).split('\n').filter((line) => line !== '');
  const last = lines.map((line) => JSON.parse(line) as Event).findLast((event) => event.type === 'summary');
  return last?.type === 'summary' ? last.summary : undefined;
}

async function main(): Promise<void> {
  strikeOnSignals();
  const began = Date.now();
  const { source, target, s, t, fleet } = await setScene(tell);
  const before = await hostStates(s);
  const hosts = [...before.values()].reduce((sum, count) => sum + count, 0);
  tell(`${fleet.objects} objects, ${hosts} hosts are managed by the source (${((Date.now() - began) / 1000).toFixed(0)} s)`);
  const exit = await pivot(source.kubeconfig, target.kubeconfig);
  const summary = await summaryOf(EVENTS);
  const { touched, acts } = powerEvidence();
  const frozen = summary?.frozen;
  process.stdout.write(
    [
      '',
      'THE EVIDENCE, read from the API servers and the power log of the machines',
      `  source before   ${statesLine(before)}`,
      `  source after    ${statesLine(await hostStates(s))}`,
      `  target after    ${statesLine(await hostStates(t))}`,
      `  power log       ${touched} of ${hosts} hosts rebooted${touched === 0 ? '' : `: ${statesLine(acts)}`}`,
      ...(frozen === undefined
        ? []
        : [
            `  frozen          ${(frozen.total / 1000).toFixed(1)} s, of which ${(frozen.waiting / 1000).toFixed(1)} s waiting for controllers`,
          ]),
      `  exit code       ${exit}`,
      '',
      'Both clusters go on running until `make demo-down`. Try:',
      `  export KUBECTL_MIGRATE_STATE_DIR=${STATE_DIR}`,
      `  kubectl --kubeconfig ${target.kubeconfig} get baremetalhosts -A`,
      `  kubectl --kubeconfig ${source.kubeconfig} get baremetalhosts -A`,
      `  ${process.execPath} bin/run.js status`,
      '',
    ].join('\n'),
  );
  process.exitCode = exit === 0 && touched === 0 ? 0 : 1;
}

await main().catch(async (error: unknown) => {
  await strikeScene();
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
