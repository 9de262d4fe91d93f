/** Rules about hosts: at rest, with a status, nobody else's on the target, and nothing under way that a move would cut off. */
import { title } from '../../graph/ref.ts';
import { CAPM3_VALUE, HOST_PAUSED } from '../../kinds/names.ts';
import { FORMER, MANAGER } from '../../plan/marks.ts';
import type { Facts, ObjectFact, Rule } from '../../plan/facts.ts';
import type { Finding } from '../../plan/plan.ts';
import { HOSTS_ID, KIND } from './host.ts';

/** Each host that is doing something, or in error. Without any status it is `hosts/status-missing`. */
function steady(facts: Facts): readonly Finding[] {
  return hostsInScope(facts)
    .filter(hasStatus)
    .flatMap((host) => {
      const failed = KIND.steady.find(({ path, oneOf }) => !oneOf.includes(textOf(host, nameOf(path))));
      if (failed === undefined) return [];
      const message = textOf(host, 'errorMessage');
      return [
        {
          rule: 'hosts/steady',
          level: 'block' as const,
          subject: subjectOf(host),
          sentence: `${title(host.ref)} is "${textOf(host, nameOf(failed.path))}"${message === '' ? '' : ` (${message})`}: only hosts at rest can be handed over`,
          fix: `wait until it is at rest, or hold it back with --allow hosts/steady=${subjectOf(host)}`,
        },
      ];
    });
}

/** A host without status would be treated as new, inspected and provisioned again: nothing lowers that. One that its user paused is not released. */
function statusMissing(facts: Facts): readonly Finding[] {
  return hostsInScope(facts)
    .filter((host) => !hasStatus(host) && !isPausedByUser(host))
    .map((host) => ({
      rule: 'hosts/status-missing',
      level: 'block' as const,
      absolute: true,
      subject: subjectOf(host),
      sentence: `${title(host.ref)} has no status yet: the target would take it for a new server, inspect it and provision it again`,
      fix: 'wait until the source has registered it',
    }));
}

/** Of files nobody can be asked what the host was. One that its user paused is not released by us, but its user will unpause it. */
function statusMissingThoughPaused(facts: Facts): readonly Finding[] {
  return hostsInScope(facts)
    .filter((host) => !hasStatus(host) && isPausedByUser(host))
    .map((host) => ({
      rule: 'hosts/status-missing',
      level: 'block' as const,
      subject: subjectOf(host),
      sentence: `${title(host.ref)} was saved without status: once it is unpaused the target takes it for a new server, inspects it and provisions it again`,
      fix: `--allow hosts/status-missing=${subjectOf(host)} creates it, paused`,
    }));
}

/** The same host, server or NIC on the target, put there by somebody else: two controllers would act on one machine. */
function managedOnTarget(facts: Facts): readonly Finding[] {
  const isOriginal = ({ key, uid }: ObjectFact): boolean => {
    const original = facts.reversing?.originals.get(key);
    return original !== undefined && original.uid === uid;
  };
  const theirs = [...(facts.roles['target']?.objects.values() ?? [])].filter((host) => isHost(host) && !isOurs(host) && !isOriginal(host));
  const byBmc = new Map(theirs.map((host) => [bmcOf(host), host]));
  const byMac = new Map(theirs.map((host) => [textOf(host, 'bootMACAddress').toLowerCase(), host]));
  const byKey = new Map(theirs.map((host) => [host.key, host]));
  return hostsInScope(facts).flatMap((host) => {
    const mac = textOf(host, 'bootMACAddress').toLowerCase();
    const [other, same] = [
      [byKey.get(host.key), 'name'] as const,
      [bmcOf(host) === '' ? undefined : byBmc.get(bmcOf(host)), 'BMC address'] as const,
      [mac === '' ? undefined : byMac.get(mac), 'boot MAC address'] as const,
    ].find(([found]) => found !== undefined) ?? [undefined, ''];
    if (other === undefined) return [];
    return [
      {
        rule: 'hosts/managed-on-target',
        level: 'block' as const,
        subject: subjectOf(host),
        sentence: `the target cluster has ${title(other.ref)} with the same ${same} as ${title(host.ref)}`,
        fix: `detach and delete it on the target, if it is the same server: kubectl --context ${facts.roles['target']?.context ?? ''} -n ${other.ref.namespace ?? ''} get baremetalhost ${other.ref.name}`,
      },
    ];
  });
}

/** The target enforces spec.online: a server whose power differs would be switched. */
function power(facts: Facts): readonly Finding[] {
  return hostsInScope(facts)
    .filter(
      ({ vars }) => typeof vars['online'] === 'boolean' && typeof vars['poweredOn'] === 'boolean' && vars['online'] !== vars['poweredOn'],
    )
    .map((host) => ({
      rule: 'hosts/power',
      level: 'warn' as const,
      subject: subjectOf(host),
      sentence: `${title(host.ref)} is powered ${host.vars['poweredOn'] === true ? 'on' : 'off'}, but spec.online is ${String(host.vars['online'])}: whoever acts on it will change that`,
    }));
}

/** A remediation that is cut in half may power a server off and never on again. */
function remediation(facts: Facts): readonly Finding[] {
  return inScope(facts, 'metal3remediations.infrastructure.cluster.x-k8s.io').map((object) => ({
    rule: 'hosts/remediation',
    level: 'block' as const,
    subject: subjectOf(object),
    sentence: `${title(object.ref)} is under way: its server is being rebooted or replaced`,
    fix: 'wait until it has ended',
  }));
}

function hostsInScope(facts: Facts): readonly ObjectFact[] {
  return inScope(facts, HOSTS_ID);
}

function inScope({ roles, scope }: Facts, id: string): readonly ObjectFact[] {
  const objects = roles['source']?.objects;
  return [...scope.keys()].filter((key) => key.startsWith(`${id}/`)).flatMap((key) => objects?.get(key) ?? []);
}

function isHost({ key }: ObjectFact): boolean {
  return key.startsWith(`${HOSTS_ID}/`);
}

/** A copy of a run of ours: the rules about conflicts speak of it. */
function isOurs({ annotations, madeBy }: ObjectFact): boolean {
  return FORMER in annotations || madeBy?.startsWith(MANAGER) === true;
}

function hasStatus(host: ObjectFact): boolean {
  return textOf(host, 'lastUpdated') !== '';
}

function isPausedByUser({ annotations }: ObjectFact): boolean {
  return HOST_PAUSED in annotations && annotations[HOST_PAUSED] !== CAPM3_VALUE && !(FORMER in annotations);
}

/** Case and a closing slash say nothing in an address. */
function bmcOf(host: ObjectFact): string {
  return textOf(host, 'bmc').toLowerCase().replace(/\/+$/, '');
}

/** The name under which the facts hold the value at a path. */
function nameOf(path: string): string {
  return Object.entries(KIND.vars).find(([, at]) => at === path)?.[0] ?? path;
}

function textOf({ vars }: ObjectFact, name: string): string {
  return String(vars[name] ?? '');
}

function subjectOf({ ref: { namespace = '', name } }: ObjectFact): string {
  return `${namespace}/${name}`;
}

export const loadRules: readonly Rule[] = [statusMissingThoughPaused];
export const rules: readonly Rule[] = [steady, statusMissing, managedOnTarget, power, remediation];
