/** `make demo`: two control planes, a fleet of live servers, a pivot as a user runs it, and the evidence. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Event, Summary } from '../../src/engine/events.ts';
import { hostStates, powerEvidence, statesLine } from './evidence.ts';
import { DIR, play, setScene, SOURCE, STATE_DIR, TARGET } from './scene.ts';
import type { Stage } from './scene.ts';

const EVENTS = join(DIR, 'events.ndjson');
const HOST_COLUMNS = 'NAME:.metadata.name,STATE:.status.provisioning.state,ON:.status.poweredOn';

async function summaryOf(events: string): Promise<Summary | undefined> {
  const text = await readFile(events, 'utf8').catch(() => '');
  const lines = text.split('\n').filter((line) => line !== '');
  const last = lines.map((line) => JSON.parse(line) as Event).findLast((event) => event.type === 'summary');
  return last?.type === 'summary' ? last.summary : undefined;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

async function demo({ tell, migrate }: Stage): Promise<number> {
  const began = Date.now();
  const { s, t, fleet } = await setScene(tell);
  const before = await hostStates(s);
  const hosts = [...before.values()].reduce((sum, count) => sum + count, 0);
  tell(`${fleet.objects} objects, ${hosts} of them hosts, are managed by the source (${seconds(Date.now() - began)})`);
  const argv = ['pivot', '-s', SOURCE, '-t', TARGET, '--yes'];
  process.stderr.write(`\n$ kubectl migrate ${argv.join(' ')}\n`);
  const exit = await migrate([...argv, '--events-file', EVENTS]);
  const { frozen } = (await summaryOf(EVENTS)) ?? {};
  const { touched, acts } = powerEvidence();
  const own = '.ci/with-node bin/run.js';
  process.stdout.write(
    [
      '',
      'THE EVIDENCE, read from both API servers and from the power log of the machines',
      `  source before   ${statesLine(before)}`,
      `  source after    ${statesLine(await hostStates(s))}`,
      `  target after    ${statesLine(await hostStates(t))}`,
      `  power log       ${touched} of ${hosts} hosts rebooted${touched === 0 ? '' : `: ${statesLine(acts)}`}`,
      ...(frozen === undefined
        ? []
        : [`  frozen          ${seconds(frozen.total)}, ${seconds(frozen.waiting)} of it waiting for controllers`]),
      `  exit code       ${exit}`,
      `  the whole demo  ${seconds(Date.now() - began)}`,
      '',
      'Both clusters go on running until `make demo-down`:',
      `  source  ${join(DIR, SOURCE)}`,
      `  target  ${join(DIR, TARGET)}`,
      'Try:',
      `  kubectl --kubeconfig ${join(DIR, TARGET)} get baremetalhosts -A -o custom-columns=${HOST_COLUMNS}`,
      `  ${own} status --state-dir ${STATE_DIR}`,
      `  ${own} retire --state-dir ${STATE_DIR}`,
      '',
    ].join('\n'),
  );
  return exit === 0 && touched === 0 ? 0 : 1;
}

await play('demo', demo);
