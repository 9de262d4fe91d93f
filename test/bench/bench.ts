/**
 * `make bench`: a pivot of 1,000 hosts, phase by phase, beside a bare concurrent loop that makes the same writes with no checks on a third API server of the
 * same machine: what the API servers themselves allow. Figures are only to be compared within one run: HOSTS=100 for a quick one.
 */
import { installCrds, snapshot } from '../fixtures/index.ts';
import type { Snapshot } from '../fixtures/index.ts';
import { adminClient, startPlane } from '../sandbox/index.ts';
import { setStage, type Stage } from '../e2e/stage.ts';
import { bareLoop } from './bare-loop.ts';
import { measured, type Measured } from './measure.ts';

const HOSTS = Number(process.env['HOSTS'] ?? 1000);
const PER_CLUSTER = 50;
const tell = (line: string): void => void process.stderr.write(`bench: ${line}\n`);

async function pivot(stage: Stage): Promise<Measured> {
  const child = stage.start(['pivot', '-s', stage.source.kubeconfig, '-t', stage.target.kubeconfig, '--yes', '--events', 'json'], {
    patience: 3_600_000,
    env: { KUBECTL_MIGRATE_TEST_CLOCK: '1' },
  });
  return await measured(child, (event) => {
    if (event.type === 'failure') tell(event.message);
  });
}

async function bare(objects: Snapshot): Promise<{ seconds: number; requests: number }> {
  // With the audit log that the planes of a stage keep: both sides of the comparison pay for it.
  const plane = await startPlane({ name: 'bare', audit: true });
  try {
    const client = adminClient(plane);
    await installCrds(client);
    return await bareLoop(client, plane, [...objects.values()]);
  } finally {
    await plane.stop();
  }
}

const clusters = Math.max(1, Math.round(HOSTS / PER_CLUSTER));
tell(`loading ${HOSTS} hosts in ${clusters} clusters`);
const stage = await setStage({ fleet: { clusters, hostsPerCluster: Math.min(HOSTS, PER_CLUSTER), lean: true, width: 32 } });
try {
  const original = await snapshot(stage.s);
  tell(`${original.size} objects; the bare loop`);
  const limit = await bare(original);
  tell('the pivot');
  const { exit, summary, phases, peak } = await pivot(stage);
  const moved = summary?.moved ?? 0;
  const requests = Object.values(summary?.requests ?? {}).reduce((sum, of) => sum + of.requests, 0);
  const precopy = (phases.get('precopy') ?? 0) / 1000;
  const [rate, limitRate] = [moved / precopy, original.size / limit.seconds];
  const rows: [string, string][] = [
    ['objects moved', `${moved} of ${original.size}`],
    ['exit code, machines touched', `${exit}, ${stage.powerLog().length}`],
    [
      'bare loop',
      `${limit.seconds.toFixed(1)} s, ${limitRate.toFixed(0)} objects/s, ${(limit.requests / original.size).toFixed(2)} requests per object`,
    ],
    ['precopy', `${precopy.toFixed(1)} s, ${rate.toFixed(0)} objects/s`],
    ['precopy against the bare loop', `${((100 * rate) / limitRate).toFixed(0)} %`],
    ['requests per object, whole pivot', (requests / Math.max(1, moved)).toFixed(2)],
    ['peak memory', `${(peak / 1e6).toFixed(0)} MB`],
    [
      'frozen',
      summary?.frozen === undefined
        ? '-'
        : `${(summary.frozen.total / 1000).toFixed(1)} s, of which ${(summary.frozen.waiting / 1000).toFixed(1)} s waiting for controllers`,
    ],
    ...[...phases].map(([phase, took]): [string, string] => [`  ${phase}`, `${(took / 1000).toFixed(1)} s`]),
  ];
  process.stdout.write(rows.map(([name, value]) => `${name.padEnd(36)}${value}\n`).join(''));
  process.exitCode = exit;
} finally {
  await stage.stop();
}
