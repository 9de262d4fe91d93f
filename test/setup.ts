// Loaded before every test file: no test may reach the network, read the user's kubeconfig or depend on the user's terminal.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const home = mkdtempSync(join(tmpdir(), 'kubectl-migrate-test-'));
process.env['HOME_REAL'] ??= process.env['HOME'] ?? '';
process.env['KUBECONFIG'] = join(home, 'no-kubeconfig');
process.env['XDG_STATE_HOME'] = join(home, 'state');
process.env['NO_COLOR'] = '1';
delete process.env['FORCE_COLOR'];
