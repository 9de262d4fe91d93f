/** What a server's refusal of one object says about all that are like it. Pure. */
import type { ApiFailure, Cluster } from '../../cluster/cluster.ts';
import { kubectl } from '../../cluster/failures.ts';
import { groupResource, title, type ObjectRef } from '../../graph/ref.ts';
import type { Cause, Verdict } from '../../plan/rehearsal.ts';

type Door = Pick<Cluster, 'kubeconfig' | 'context' | 'role'>;

/** `awaited`: kinds, as `resource.group`, whose webhooks the run itself starts and waits for. */
export interface Refused {
  readonly ref: ObjectRef;
  readonly door: Door;
  readonly awaited: ReadonlySet<string>;
}

type Judge = (error: ApiFailure, refused: Refused) => Verdict | undefined;

/** The first that knows the error speaks. */
export function verdictOn(error: ApiFailure, refused: Refused): Verdict {
  for (const judge of JUDGES) {
    const verdict = judge(error, refused);
    if (verdict !== undefined) return verdict;
  }
  return refusal({ id: `server ${error.status} ${plain(error, refused.ref)}`, by: 'server', sentence: told(error, refused.ref) });
}

const UNANSWERED = /failed calling webhook "([^"]+)": (.*)/s;
const CONVERSION = /conversion webhook for ([^,\s]+?),? (?:.*?)failed: (.*)/s;

/** The webhook that could not be called; undefined when something else is wrong. */
export function silentWebhook(error: ApiFailure): string | undefined {
  return (UNANSWERED.exec(error.message) ?? CONVERSION.exec(error.message))?.[1];
}

const unanswered: Judge = (error, { ref, door, awaited }) => {
  const name = silentWebhook(error);
  if (name === undefined) return undefined;
  if (awaited.has(groupResource(ref))) {
    const sentence = `webhook ${name} does not answer; the run starts its controller and waits for it before it copies`;
    return unrehearsed({ id: `awaits ${name}`, by: 'webhook', sentence });
  }
  const why = (UNANSWERED.exec(error.message) ?? CONVERSION.exec(error.message))?.[2] ?? '';
  const fix = `${kubectl(door, 'get validatingwebhookconfigurations,mutatingwebhookconfigurations')}: bring what serves ${name} up`;
  return refusal({ id: `silent ${name}`, by: 'webhook', sentence: `webhook ${name} does not answer: ${why}`, fix });
};

const sideEffects: Judge = (error) => {
  const [, name] = /admission webhook "([^"]+)" does not support dry ?run/.exec(error.message) ?? [];
  if (name === undefined) return undefined;
  const sentence = `webhook ${name} has side effects, so the server does not ask it in a dry run`;
  return unrehearsed({ id: `side-effects ${name}`, by: 'webhook', sentence });
};

const denied: Judge = (error, { ref }) => {
  const [, name, why = ''] = /admission webhook "([^"]+)" denied the request:? ?(.*)/s.exec(error.message) ?? [];
  if (name === undefined) return undefined;
  const said = ref.kind === 'Secret' ? 'what it said is not shown, since it is about a Secret' : anonymous(why, ref);
  return refusal({ id: `denied ${name} ${said}`, by: 'webhook', sentence: `webhook ${name} denied it: ${said}` });
};

const policy: Judge = (error, { ref }) => {
  const [, name, why = ''] = /ValidatingAdmissionPolicy '([^']+)'.*? denied request: (.*)/s.exec(error.message) ?? [];
  if (name === undefined) return undefined;
  const said = ref.kind === 'Secret' ? 'what it said is not shown, since it is about a Secret' : anonymous(why, ref);
  return refusal({ id: `policy ${name} ${said}`, by: 'policy', sentence: `ValidatingAdmissionPolicy ${name} denied it: ${said}` });
};

const quota: Judge = (error, { ref, door }) => {
  const [, name = '', requested = '', used = '', limited = ''] =
    /exceeded quota: ([^,]+), requested: (.*), used: (.*), limited: (.*)$/.exec(error.message) ?? [];
  if (name === '') return undefined;
  const resources = requested.replaceAll(/=[^,]*/g, '');
  return refusal(quotaCause({ namespace: ref.namespace ?? '', name, resources, used, limited }, door));
};

export interface QuotaWords {
  readonly namespace: string;
  readonly name: string;
  /** `count/baremetalhosts.metal3.io`. */
  readonly resources: string;
  /** As the server writes them: `count/baremetalhosts.metal3.io=5`. */
  readonly used: string;
  readonly limited: string;
}

export function quotaCause({ namespace, name, resources, used, limited }: QuotaWords, door: Door): Cause {
  const sentence = `ResourceQuota ${namespace}/${name} has no room: limited ${limited}, used on the target ${used}`;
  const fix = kubectl(door, `-n ${namespace} edit resourcequota ${name}`);
  return { id: `quota ${namespace}/${name} ${resources}`, by: 'quota', sentence, fix };
}

const permission: Judge = (error, { ref, door }) => {
  const [, who, verb, what] = /is forbidden: (User "[^"]*") cannot (\w+) (resource .*)$/s.exec(error.message) ?? [];
  if (error.status !== 403 || who === undefined) return undefined;
  const fix = `grant ${verb ?? ''} on ${groupResource(ref)} to your user on the ${door.role}`;
  return refusal({
    id: `permission ${verb ?? ''} ${what ?? ''}`,
    by: 'permission',
    sentence: `${who} cannot ${verb ?? ''} ${what ?? ''}`,
    fix,
  });
};

const noNamespace: Judge = (error, { ref, door }) => {
  if (error.status !== 404 || !error.message.includes(`namespaces "${ref.namespace ?? ''}" not found`)) return undefined;
  const namespace = ref.namespace ?? '';
  const sentence = `namespace ${namespace} is not on the target yet, and a server judges nothing in a namespace that is not there`;
  return unrehearsed({ id: `namespace ${namespace}`, by: 'namespace', sentence, fix: kubectl(door, `create namespace ${namespace}`) });
};

const unserved: Judge = (error, { ref }) => {
  if (error.status !== 404) return undefined;
  const sentence = `the target does not serve ${groupResource(ref)} in ${ref.version}`;
  return refusal({ id: sentence, by: 'schema', sentence, fix: 'bring the provider to the same version on both sides' });
};

const conflict: Judge = (error) => {
  if (error.status !== 409) return undefined;
  return refusal({
    id: 'conflict',
    by: 'conflict',
    sentence: 'came or changed on the target while it was rehearsed',
    fix: 'rehearse again',
  });
};

const tooLarge: Judge = (error) =>
  error.status === 413
    ? refusal({ id: 'size', by: 'size', sentence: `the API server takes no object of that size: ${error.message}` })
    : undefined;

/** By fields and what is wrong with each, so that a thousand objects with the same fault are one cause, whatever their values. */
const schema: Judge = (error, { ref }) => {
  if (error.status !== 422) return undefined;
  const causes = error.causes ?? [];
  const faults = causes.map(({ field = '', reason = '' }) => `${field.replaceAll(/\[\d+\]/g, '[]')} ${reason}`);
  const fault = faults.length === 0 ? plain(error, ref) : faults.toSorted().join(', ');
  return refusal({ id: `schema ${groupResource(ref)} ${fault}`, by: 'schema', sentence: told(error, ref) });
};

const JUDGES: readonly Judge[] = [
  unanswered,
  sideEffects,
  denied,
  policy,
  quota,
  permission,
  noNamespace,
  unserved,
  conflict,
  tooLarge,
  schema,
];

export function refusal(cause: Cause): Verdict {
  return { result: 'refused', cause };
}

export function unrehearsed(cause: Cause): Verdict {
  return { result: 'unrehearsed', cause };
}

/** What the server adds where the schema alone was enough to refuse. */
const UNCHECKED = /, <nil>: Invalid value: (null|"null"): some validation rules were not checked[^\]]*/;

/** The server's words; of a Secret its fields and reasons only, since messages quote values. */
function told(error: ApiFailure, ref: ObjectRef): string {
  if (ref.kind !== 'Secret') return anonymous(error.message.replace(UNCHECKED, ''), ref);
  const faults = (error.causes ?? []).map(({ field = '', reason = '' }) => `${field} ${reason}`.trim());
  return `${error.reason}${faults.length === 0 ? '' : `: ${faults.join(', ')}`} (what the server said is not shown, since it is about a Secret)`;
}

function plain(error: ApiFailure, ref: ObjectRef): string {
  return ref.kind === 'Secret' ? error.reason : anonymous(error.message, ref);
}

/** Without the object's own name, where it is quoted or long enough not to be part of something else. */
function anonymous(message: string, { name, namespace }: ObjectRef): string {
  const quoted = message.replaceAll(`"${name}"`, '…').replaceAll(`${namespace ?? ''}/${name}`, '…');
  const word = new RegExp(`(?<![\\w.-])${name.replaceAll('.', '[.]')}(?![\\w.-])`, 'g');
  return (name.length < 4 ? quoted : quoted.replaceAll(word, '…')).replaceAll(/\s+/g, ' ').trim();
}

export function foreignCause(ref: ObjectRef): Cause {
  return {
    id: 'foreign',
    by: 'conflict',
    sentence: 'stands on the target already and differs',
    fix: `compare both (${title(ref)} is one), then --on-conflict=adopt|overwrite, or remove it on the target`,
  };
}
