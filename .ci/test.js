// Everything that `make test` runs, one stage after the other; a stage that fails does not keep the others from running.
// The last line is `N passed, N failed`: every mocha test counts, and every check (build, format, lint, types) counts as one.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const counts = mkdtempSync(join(tmpdir(), 'kubectl-migrate-counts-'));
let passed = 0;
let failed = 0;

/** Runs one command with its output shown; @returns whether it exited 0, and how long it took. */
function run(command, args, env = {}) {
  const began = Date.now();
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } });
    child.on('error', (error) => console.error(String(error)));
    child.on('close', (code) => resolve({ ok: code === 0, seconds: ((Date.now() - began) / 1000).toFixed(1) }));
  });
}

async function check(name, ...command) {
  const { ok, seconds } = await run(...command);
  console.log(`${ok ? 'ok' : 'FAILED'}  ${name} (${seconds} s)`);
  if (ok) passed++;
  else failed++;
}

async function tests(name, args) {
  const file = join(counts, `${name}.json`);
  const { ok, seconds } = await run('npx', ['mocha', ...args], { MOCHA_COUNTS: file });
  let stats = { passes: 0, failures: 1 };
  try {
    stats = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    console.error(`${name}: mocha wrote no counts`);
  }
  if (!ok && stats.failures === 0) stats.failures = 1;
  passed += stats.passes;
  failed += stats.failures;
  console.log(`${ok ? 'ok' : 'FAILED'}  ${name}: ${stats.passes} passed, ${stats.failures} failed (${seconds} s)`);
}

await check('build', 'npm', ['run', '--silent', 'build']);
await check('format', 'npm', ['run', '--silent', 'format:check']);
await check('types', 'npm', ['run', '--silent', 'typecheck']);
await check('lint', 'npm', ['run', '--silent', 'lint']);
await check('control planes', 'node', ['--disable-warning=ExperimentalWarning', 'test/sandbox/build.ts']);
await tests('unit', []);
await tests('end-to-end', ['--config', '.mocharc.e2e.json']);
rmSync(counts, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
