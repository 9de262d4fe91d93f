import assert from 'node:assert/strict';
import { join } from 'node:path';
import { kubeconfigOf, writeKubeconfig } from '../sandbox/kubeconfig.ts';
import { pickPort } from '../sandbox/ports.ts';
import { deniedAccess } from '../../src/runbooks/access.ts';
import { differences } from './equal.ts';
import { ACTORS, IRONIC, SCOPES } from './refusals/actors.ts';
import { FaultyServer, PASSING, recurring } from './refusals/faulty-server.ts';
import { OBJECTS } from './refusals/objects.ts';
import { as, grant, kindOf, named, never, rightsOf, userWith, type Right, type Side } from './refusals/rights.ts';
import { flat, refuses, writes } from './refusals/untouched.ts';
import { setStage, type Ended, type Stage } from './stage.ts';

const OBSTACLES = [...OBJECTS, ...ACTORS];
/** Two namespaces; hosts 0 and 1 claimed (1 paused by its user), 2 and 3 free, 4 free and paused. */
const FLEET = { clusters: 1, hostsPerCluster: 2, free: 2, userPaused: 2, namespaces: ['metal3', 'edge'] };

describe('a pivot that is refused says why and what to do, and writes nothing:', function () {
  this.timeout(120_000);
  let stage: Stage;
  const pivot = (...more: string[]): string[] => ['pivot', '-s', stage.source.kubeconfig, '-t', stage.target.kubeconfig, '--yes', ...more];
  /** A kubeconfig that says what the source's says, but for server or token. */
  const kubeconfig = async (name: string, o: { server?: string; token?: string }): Promise<string> => {
    const { server, caData } = stage.source;
    const path = join(stage.dir, `${name}.kubeconfig`);
    await writeKubeconfig(path, kubeconfigOf({ name, server: o.server ?? server, caData }, name, { token: o.token ?? 'none' }));
    return path;
  };

  before(async () => {
    stage = await setStage({ fleet: FLEET, stepMs: 50 });
  });
  after(() => stage.stop());
  afterEach(() => assert.deepEqual(stage.powerLog(), []));

  it('nothing, on a healthy stage: preflight ends with 7 and no write', async () => {
    const ended = await stage.run(pivot('--until', 'preflight'));
    assert.equal(ended.exit, 7, ended.stderr);
    assert.deepEqual(await writes(stage), []);
  });

  it('source and target the same cluster; nothing lowers that', async () => {
    const same = ['pivot', '-s', stage.source.kubeconfig, '-t', stage.source.kubeconfig, '--yes'];
    const refusal = {
      exit: 4,
      says: [/Source and target are the same cluster: admin and admin both have the UID/],
      fix: /Name another target with --target FILE/,
    };
    await refuses(stage, same, refusal);
    await refuses(stage, [...same, '--allow', 'clusters/same'], refusal);
  });

  it('a move of objects with hosts whose baremetal-operator runs, and names the pivot; nothing lowers that', async () => {
    const move = ['move-objects', '-s', stage.source.kubeconfig, '-t', stage.target.kubeconfig, '-n', 'metal3', '--yes'];
    const refusal = {
      exit: 4,
      says: [/hosts\/served/, /BareMetalHosts would move while baremetal-operator runs on the source \(.*\): two clusters would act/],
      fix: /kubectl migrate pivot, with both clusters named as here/,
    };
    await refuses(stage, move, refusal);
    await refuses(stage, [...move, '--allow', 'hosts/served'], refusal);
  });

  it('a file that is not there', async () => {
    const missing = join(stage.dir, 'missing.kubeconfig');
    await refuses(stage, ['pivot', '-s', missing, '-t', stage.target.kubeconfig, '--yes'], {
      exit: 2,
      says: [/missing\.kubeconfig/, /source/],
      fix: /next:/,
    });
  });

  it('a server that does not answer', async () => {
    const path = await kubeconfig('away', { server: `https://127.0.0.1:${await pickPort()}` });
    await refuses(stage, ['pivot', '-s', path, '-t', stage.target.kubeconfig, '--yes'], {
      exit: 1,
      says: [/Cannot reach the source \(context "away", https:\/\/127\.0\.0\.1:\d+\): connection refused/],
      fix: /kubectl --kubeconfig .* --context away cluster-info/,
    });
  });

  it('a token that has expired', async () => {
    const claims = Buffer.from(JSON.stringify({ exp: 1_700_000_000 })).toString('base64url');
    const path = await kubeconfig('late', { token: `e30.${claims}.c2ln` });
    const ended = await refuses(stage, ['pivot', '-s', path, '-t', stage.target.kubeconfig, '--yes'], {
      exit: 1,
      says: [/Cannot log in to the source \(context "late".*the token expired on 2023-11-14T22:13:20Z/],
      fix: /kubectl --kubeconfig .* --context late auth whoami/,
    });
    assert.ok(!ended.stderr.includes(claims), 'the token is not told');
  });

  for (const { name, put, argv = [], says, fix, absolute } of SCOPES) {
    it(name, async () => {
      const undo = await put(stage);
      await refuses(stage, pivot(...argv, ...(absolute === undefined ? [] : ['--allow', absolute])), { exit: 4, says, fix });
      await undo();
    });
  }

  describe('everything at once:', () => {
    const undo: (() => Promise<unknown>)[] = [];
    let told = '';
    let lowered = '';
    let mistaken = '';
    /** The part of a report that lists what blocks. */
    const blocking = (text: string): string => text.slice(text.indexOf('blocks ('));
    const allowing = (more: string): string[] =>
      OBSTACLES.flatMap(({ allow, absolute = '' }) => [
        '--allow',
        allow === undefined ? absolute : allow.includes('=') ? allow + more : allow,
      ]);

    before(async () => {
      for (const { put } of OBSTACLES) undo.unshift(await put(stage));
      const locked = { exit: 4, says: [], fix: /next:/ };
      const tries = [[], allowing(''), allowing('-not')];
      const ended: Ended[] = [];
      for (const more of tries) ended.push(await refuses(stage, pivot(...more), locked, { locked: true }));
      [told = '', lowered = '', mistaken = ''] = ended.map(({ stderr }) => flat(stderr));
    });
    after(async () => {
      for (const away of undo) await away();
      const ended = await stage.run(pivot('--until', 'preflight'));
      assert.equal(ended.exit, 7, `it is as healthy as before: ${ended.stderr}`);
      assert.deepEqual(await writes(stage), []);
    });

    for (const { name, says, fix, allow, absolute } of OBSTACLES) {
      it(`${name}${absolute === undefined ? '; goes on when allowed by name' : '; nothing lowers that'}`, () => {
        for (const sentence of says) assert.match(blocking(told), sentence);
        assert.match(told, fix);
        const [sentence = /^$/] = says;
        if (absolute !== undefined) {
          assert.match(blocking(lowered), sentence);
          return;
        }
        assert.doesNotMatch(blocking(lowered), sentence);
        assert.match(lowered.slice(lowered.indexOf('allowed by you')), sentence);
        if (allow?.includes('=') === true) assert.match(blocking(mistaken), sentence);
      });
    }
  });

  describe('permissions:', () => {
    let rights: Right[];
    const without = (right: Right): Right[] => rights.filter((other) => other !== right);

    before(async () => {
      rights = await rightsOf(stage);
      await grant(stage, rights);
    });

    it('with exactly the needed ones preflight passes', async () => {
      assert.ok(rights.length > 200, `${rights.length} rights`);
      const ended = await stage.run(pivot('--until', 'preflight', ...(await userWith(stage, 'entitled', rights))));
      assert.equal(ended.exit, 7, ended.stderr);
    });

    it('each one taken away is reported, and no other', async () => {
      for (const right of rights.filter(({ needs }) => needs.length > 0)) {
        const cluster = await as(stage, right.side, without(right));
        const near = rights.filter(({ side, access }) => side === right.side && kindOf(access) === kindOf(right.access));
        const asked = near.flatMap(({ needs }) => needs);
        const denied = await deniedAccess({ [right.side]: cluster }, asked, never);
        await cluster.close();
        const subject = `${right.side}/${named(right.access)}`;
        assert.ok(denied.length > 0, `${right.access.verb} ${subject} is not missed`);
        for (const finding of denied) {
          assert.deepEqual([finding.rule, finding.level, finding.subject], ['access/denied', 'block', subject]);
          assert.match(finding.sentence, new RegExp(`^You may not ${right.access.verb} `));
        }
      }
    });

    it('every list of discovery that is refused is a finding, all at once', async () => {
      // Without these nothing else is read.
      const frame = ['namespaces', 'customresourcedefinitions', 'deployments'];
      const lists = rights.filter(({ access }) => access.verb === 'list' && !frame.includes(access.resource));
      const kept = rights.filter((right) => !lists.includes(right));
      const says = lists.map(({ side, access }) => new RegExp(`${side}/${named(access)}: You may not list[^.]* ${named(access)}`));
      await refuses(stage, pivot(...(await userWith(stage, 'blind', kept))), { exit: 4, says, fix: /Grant list on/ });
    });

    const SAMPLES: readonly (readonly [side: Side, verb: string, resource: string])[] = [
      ['source', 'list', 'customresourcedefinitions.apiextensions.k8s.io'],
      ['target', 'list', 'deployments.apps'],
      ['target', 'create', 'leases.coordination.k8s.io'],
      ['source', 'patch', 'baremetalhosts.metal3.io'],
      ['target', 'update', 'machines.cluster.x-k8s.io/status'],
      ['source', 'patch', 'deployments.apps'],
      ['source', 'delete', 'clusters.cluster.x-k8s.io'],
    ];
    for (const [side, verb, what] of SAMPLES) {
      it(`without "${verb} ${what}" on the ${side} nothing is begun`, async () => {
        const gone = rights.filter(({ side: at, access }) => at === side && access.verb === verb && named(access) === what);
        assert.ok(gone.length > 0, 'it is needed');
        const kept = rights.filter((right) => !gone.includes(right));
        const user = await userWith(stage, `no-${verb}-${side}-${what.replace('/', '.')}`, kept);
        await refuses(stage, pivot(...user), {
          exit: 4,
          says: [new RegExp(`You may not ${verb} ${what}[^.]* on the ${side}`)],
          fix: new RegExp(`Grant ${verb} on ${what} to your user on the ${side}`),
        });
      });
    }

    it('without a look at kube-system, whose UID tells clusters apart, nothing is begun either', async () => {
      await refuses(stage, pivot('--as', 'stranger'), {
        exit: 4,
        says: [
          /Cannot tell which cluster the source .* is: user ".*" may not read its namespace kube-system.*User "stranger" cannot get resource/,
        ],
        fix: /auth can-i get namespaces\/kube-system/,
      });
    });
  });

  describe('server errors:', () => {
    let source: FaultyServer;
    let target: FaultyServer;
    const between = (...more: string[]): string[] => ['pivot', '-s', source.kubeconfig, '-t', target.kubeconfig, '--yes', ...more];
    const calm = (): void => {
      for (const server of [source, target]) server.trouble = () => undefined;
    };

    before(async () => {
      source = await FaultyServer.before(stage.source, stage.dir);
      target = await FaultyServer.before(stage.target, stage.dir);
    });
    after(() => {
      source.stop();
      target.stop();
    });
    afterEach(calm);

    for (const status of [400, 422] as const) {
      it(`${status} to a list is told with the server's own words, and not asked again`, async () => {
        target.trouble = (_method, path) => (path.includes('/metal3datas?') ? status : undefined);
        const before = target.asked.length;
        await refuses(
          stage,
          between(),
          { exit: 1, says: [new RegExp(`planted ${status} for GET .*metal3datas`)], fix: /error:/ },
          { silent: true },
        );
        assert.equal(target.asked.slice(before).filter(({ wrong }) => wrong === status).length, 1);
      });
    }

    it('403 to a list is a finding', async () => {
      target.trouble = (_method, path) => (path.includes('/metal3datas?') ? 403 : undefined);
      const says = [/You may not list metal3datas\.infrastructure\.cluster\.x-k8s\.io on the target/];
      await refuses(stage, between(), { exit: 4, says, fix: /Grant list on metal3datas/ });
    });

    it('those that pass are tried again: copies are made once, and taken back', async () => {
      const [before] = await stage.snapshots();
      const servers = [source, target];
      for (const server of servers) server.trouble = recurring();
      const ended = await stage.run(between('--until', 'precopy'));
      assert.equal(ended.exit, 7, ended.stderr);
      const [, copies] = await stage.snapshots();
      assert.deepEqual([...copies.keys()].toSorted(), [...before.keys()].toSorted());
      for (const server of servers) server.trouble = recurring();
      const back = await stage.run(['rollback', '--yes']);
      assert.equal(back.exit, 0, back.stderr);
      const [source_, target_] = await stage.snapshots();
      assert.deepEqual(differences(before, source_, 'rollback'), []);
      assert.deepEqual([...target_.keys()], []);
      for (const wrong of PASSING) {
        const hit = servers.flatMap(({ asked }) => asked.filter((one) => one.wrong === wrong));
        assert.ok(
          hit.some(({ method }) => method === 'GET') && hit.some(({ method }) => method !== 'GET'),
          `${wrong} met reads and writes`,
        );
      }
    });

    it('422 to a write is told, not sent again, and can be taken back', async () => {
      target.trouble = (method, path) => (method === 'POST' && path.includes('/namespaces/metal3/secrets') ? 422 : undefined);
      const before = target.asked.length;
      const ended = await stage.run(between('--until', 'precopy'));
      assert.equal(ended.exit, 5, ended.stderr);
      assert.match(flat(ended.stderr), /planted 422/);
      assert.match(ended.stderr, /kubectl migrate (resume|rollback)/);
      calm();
      const sent = target.asked.slice(before).filter(({ wrong }) => wrong === 422);
      const names = sent.map(({ name }) => name);
      assert.ok(names.length > 0 && !names.includes(undefined));
      assert.deepEqual(names, [...new Set(names)], 'each Secret was sent once');
      const back = await stage.run(['rollback', '--yes']);
      assert.equal(back.exit, 0, back.stderr);
      assert.deepEqual([...(await stage.snapshots())[1].keys()], []);
    });
  });

  describe('and what is not refused:', () => {
    it('with exactly the needed rights, and with a running Ironic on the target allowed by name, a pivot comes to its end', async () => {
      const [before] = await stage.snapshots();
      await stage.t.patch(IRONIC, { spec: { replicas: 1 } });
      const user = await userWith(stage, 'mover', await rightsOf(stage));
      const ended = await stage.run(pivot('--allow', 'ironic/target-running', '--retire', ...user));
      assert.equal(ended.exit, 0, ended.stderr);
      const [source, target] = await stage.snapshots();
      assert.deepEqual(differences(before, target, 'after-release'), []);
      assert.deepEqual([...source.keys()], []);
    });
  });
});
