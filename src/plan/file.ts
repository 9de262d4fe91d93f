/**
 * A plan as a file to be reviewed, committed and applied. It says what will be done, with what and to which objects; it holds no body, no value and no hash
 * of a Secret. The same clusters and flags make the same bytes, one object per line, so that two plans can be compared by `diff`. Pure.
 */
import { createHash } from 'node:crypto';
import type { Key, Role } from '../graph/ref.ts';
import type { ClusterPin, Data, Finding, Item, Plan, SetId } from './plan.ts';

export const FILE_API = 'kubectl-migrate/v1alpha1';
export const FILE_KIND = 'PlanFile';
/** Of the file's form; a reader takes no other. */
export const FILE_FORMAT = 1;

/** What is pinned of an object beside its name. Secrets by resourceVersion, all else by hashes of its groups of fields. */
export interface Content {
  readonly uid: string;
  readonly resourceVersion?: string;
  /** `spec`, `metadata`, `owners` ...: first 64 bits of SHA-256. */
  readonly content?: Readonly<Record<string, string>>;
}

/** An object, or whatever else a set holds. */
export interface FileItem extends Partial<Content> {
  readonly key: Key;
  readonly kind?: string;
  readonly version?: string;
  readonly why: string;
  /** How it is treated: who holds it, with which group it is released. */
  readonly as: Readonly<Record<string, Data>>;
}

export interface FileStep {
  readonly id: string;
  /** `mover.action`. */
  readonly does: string;
  readonly set: SetId;
  readonly title: string;
  readonly safety: string;
}

export interface PlanFile {
  /** Version of the tool that wrote it. */
  readonly tool: string;
  readonly runbook: string;
  readonly clusters: Readonly<Record<Role, ClusterPin>>;
  /** As the command line asked; times in milliseconds. */
  readonly options: Readonly<Record<string, Data>>;
  readonly allow: readonly string[];
  /** What preflight had to say then; judged anew when it is applied. */
  readonly findings: readonly Pick<Finding, 'rule' | 'level' | 'subject' | 'sentence'>[];
  readonly phases: readonly { readonly id: string; readonly steps: readonly FileStep[] }[];
  /** Of all that is in no line: parameters, guards, what undoes what. */
  readonly procedure: string;
  /** What moves, owners first. */
  readonly objects: readonly FileItem[];
  /** What else the steps work on. */
  readonly sets: Readonly<Record<SetId, readonly FileItem[]>>;
  /** What stays, counted by rule. */
  readonly left: Readonly<Record<string, number>>;
}

/** Sets of objects of the source; what they hold is pinned by content. */
const OBJECTS: readonly SetId[] = ['objects', 'last-look'];
/** Vars that say nothing of what will be done to the object: its kind again, and whether field ownership is worth restoring. */
const UNTOLD = new Set(['resource', 'managed']);

/** The items whose content a file pins. */
export function objectItems(plan: Plan): Item[] {
  return OBJECTS.flatMap((id) => plan.sets.flatMap((set) => (set.id === id && 'items' in set ? set.items : [])));
}

/** @param contents of the objects, by key; what went meanwhile is not in it and stands in the file without: applying finds it gone */
export function planFileOf(plan: Plan, contents: ReadonlyMap<Key, Content>, options: PlanFile['options'], tool: string): PlanFile {
  const steps = new Map(plan.steps.map((step) => [step.id, step]));
  const phases = plan.phases.map(({ id, stages }) => ({
    id,
    steps: stages
      .flatMap((stage) => stage.steps.flatMap((step) => steps.get(step) ?? []))
      .map(({ id: step, mover, action, set, title, safety }) => ({ id: step, does: `${mover}.${action}`, set, title, safety })),
  }));
  const others = plan.sets.flatMap((set) => ('items' in set && !OBJECTS.includes(set.id) ? [[set.id, set.items] as const] : []));
  return {
    tool,
    runbook: plan.runbook,
    clusters: plan.roles,
    options,
    allow: plan.allow,
    findings: plan.findings
      .filter(({ level }) => level !== 'ok')
      .map(({ rule, level, subject, sentence }) => ({ rule, level, subject, sentence }))
      .sort((a, b) => a.rule.localeCompare(b.rule) || a.subject.localeCompare(b.subject)),
    phases,
    procedure: procedureOf(plan),
    objects: objectItems(plan).map((item) => fileItem(item, contents.get(item.key))),
    sets: Object.fromEntries(others.map(([id, items]) => [id, items.map((item) => fileItem(item, undefined)).sort(byKey)])),
    left: counted(plan.left.map(({ rule }) => rule)),
  };
}

function fileItem({ key, ref, uid, why, vars }: Item, content: Content | undefined): FileItem {
  const told = Object.entries(vars ?? {}).filter(([name, value]) => value !== undefined && !UNTOLD.has(name));
  return {
    key,
    ...(ref === undefined ? {} : { kind: ref.kind, version: ref.version }),
    ...(content ?? (uid === undefined ? {} : { uid })),
    as: Object.fromEntries(told.sort(([a], [b]) => (a < b ? -1 : 1))) as FileItem['as'],
    why,
  };
}

/** Phases, steps and sets without the items: what two tools have to agree on. */
function procedureOf({ phases, steps, sets, commit, thaw, report, options }: Plan): string {
  const rules = sets.map((set) => ('items' in set ? { id: set.id } : set));
  const text = JSON.stringify({ phases, steps, sets: rules, commit, thaw, report, options });
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function counted(names: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries([...counts].sort());
}

function byKey(a: FileItem, b: FileItem): number {
  return a.key < b.key ? -1 : 1;
}

/** `.json` is JSON, everything else YAML. */
export function formatOf(path: string): 'json' | 'yaml' {
  return path.toLowerCase().endsWith('.json') ? 'json' : 'yaml';
}

/** The file's text. Its last field says that it is whole. */
export function planText(file: PlanFile, format: 'json' | 'yaml'): string {
  const items = Object.values(file.sets).reduce((sum, set) => sum + set.length, file.objects.length);
  const document = { apiVersion: FILE_API, kind: FILE_KIND, format: FILE_FORMAT, ...file, whole: { items } };
  return format === 'json' ? jsonText(document) : yamlText(document);
}

/** Levels of JSON that are broken into lines: fields of the document, and what is in each. */
const DEPTH = 2;

/** JSON with one element of a list per line. */
function jsonText(document: object): string {
  const block = (value: unknown, depth: number): string => {
    if (depth === 0 || !isBlock(value)) return JSON.stringify(value);
    const indent = '  '.repeat(DEPTH - depth + 1);
    const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
    const lines = Array.isArray(value)
      ? value.map((entry) => block(entry, depth - 1))
      : Object.entries(value as object).map(([name, entry]) => `${JSON.stringify(name)}: ${block(entry, depth - 1)}`);
    return `${open}\n${lines.map((line) => indent + line).join(',\n')}\n${indent.slice(2)}${close}`;
  };
  return `${block(document, DEPTH)}\n`;
}

function isBlock(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function yamlText(document: Readonly<Record<string, unknown>>): string {
  const head = '# What a run will do, for review. It is carried out with: kubectl migrate apply FILE (times in milliseconds)\n';
  return (
    head +
    Object.entries(document)
      .map(([name, value]) => field(name, value))
      .join('')
  );
}

/** Lists and maps of the top level in lines, what is in them in one line each. */
function field(name: string, value: unknown): string {
  if (!isBlock(value)) return `${name}: ${flow(value)}\n`;
  if (name === 'phases') return `phases:\n${(value as PlanFile['phases']).map(phase).join('')}`;
  if (name === 'sets')
    return `sets:\n${Object.entries(value as PlanFile['sets'])
      .map(([id, items]) => indented(id, items))
      .join('')}`;
  if (Array.isArray(value)) return `${name}:\n${value.map((entry) => `  - ${flow(entry)}\n`).join('')}`;
  return `${name}:\n${Object.entries(value as object)
    .map(([key, entry]) => `  ${flow(key)}: ${flow(entry)}\n`)
    .join('')}`;
}

function phase({ id, steps }: PlanFile['phases'][number]): string {
  if (steps.length === 0) return `  - id: ${flow(id)}\n    steps: []\n`;
  return `  - id: ${flow(id)}\n    steps:\n${steps.map((step) => `      - ${flow(step)}\n`).join('')}`;
}

function indented(id: string, items: readonly FileItem[]): string {
  if (items.length === 0) return `  ${flow(id)}: []\n`;
  return `  ${flow(id)}:\n${items.map((item) => `    - ${flow(item)}\n`).join('')}`;
}

/** One line, quoted only where YAML wants it. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, entry]) => entry !== undefined);
    return fields.length === 0 ? '{}' : `{ ${fields.map(([name, entry]) => `${flow(name)}: ${flow(entry)}`).join(', ')} }`;
  }
  return typeof value === 'string' && isPlain(value) ? value : JSON.stringify(value);
}

/** Read back as the same string by any YAML: no number, no boolean, no sign that means something. */
function isPlain(text: string): boolean {
  return /^[A-Za-z][\w./-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text);
}
