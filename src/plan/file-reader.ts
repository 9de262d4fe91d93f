/** Reads a plan file strictly: another format, a field that is not one, an edit that makes no sense and an end that is missing are told with their lines. Pure. */
import { LineCounter, isNode, parse, parseDocument } from 'yaml';
import { messageOf, usageError } from '../errors.ts';
import type { Key } from '../graph/ref.ts';
import { FILE_API, FILE_FORMAT, FILE_KIND, formatOf, type FileItem, type PlanFile } from './file.ts';
import { Misshapen, data, fields, filled, isFields, listOf, mapOf, oneOf, placeOf, text, whole, type Path, type Shape } from './shape.ts';

const SHARED = { timeout: whole, lockNamespace: filled, onConflict: oneOf('fail', 'adopt', 'overwrite') };
const MORE = { kinds: listOf(filled), backup: fields({ file: filled, recipients: listOf(filled) }, {}) };
const SCOPING = fields(
  { namespaces: listOf(filled), names: listOf(filled), onMissingOwner: oneOf('fail', 'drop-reference', 'follow') },
  { labels: filled, toNamespace: filled },
);

/** Options of each runbook, as its command line takes them; times in milliseconds. */
const OPTIONS: Readonly<Record<string, Shape<PlanFile['options']>>> = {
  pivot: fields({ ...SHARED, namespaces: listOf(filled), settle: whole, batch: listOf(whole) }, MORE),
  'move-objects': fields({ ...SHARED, scoping: SCOPING }, MORE),
};

const PIN = fields({ kubeconfig: text, context: filled, server: filled, uid: filled }, {});
const ITEM = fields(
  { key: filled, why: text, as: mapOf(data) },
  { kind: filled, version: filled, uid: text, resourceVersion: filled, content: mapOf(filled) },
);
const STEP = fields({ id: filled, does: filled, set: filled, title: text, safety: filled }, {});
const FINDING = fields({ rule: filled, level: oneOf('info', 'warn', 'block'), subject: text, sentence: text }, {});

const FILE = fields(
  {
    apiVersion: oneOf(FILE_API),
    kind: oneOf(FILE_KIND),
    format: whole,
    tool: filled,
    runbook: oneOf('pivot', ...Object.keys(OPTIONS)),
    clusters: mapOf(PIN),
    options: mapOf(data),
    allow: listOf(filled),
    findings: listOf(FINDING),
    phases: listOf(fields({ id: filled, steps: listOf(STEP) }, {})),
    procedure: filled,
    objects: listOf(ITEM),
    sets: mapOf(listOf(ITEM)),
    left: mapOf(whole),
    whole: fields({ items: whole }, {}),
  },
  {},
);

/**
 * @param name of the file, for messages and its format
 * @throws MigrateError `plan-file/unreadable`, `plan-file/other`, `plan-file/format`, `plan-file/truncated`, `plan-file/wrong` (2)
 */
export function readPlanText(source: string, name: string): PlanFile {
  const value = parsed(source, name);
  if (!isFields(value) || value['kind'] !== FILE_KIND || value['apiVersion'] !== FILE_API) {
    const kind = isFields(value) && typeof value['kind'] === 'string' ? ` but of kind ${value['kind']}` : '';
    throw wrong('other', name, `is no plan file${kind}`);
  }
  if (value['format'] !== FILE_FORMAT) {
    const tool = typeof value['tool'] === 'string' ? `, written by version ${value['tool']}` : '';
    throw wrong('format', name, `has format ${JSON.stringify(value['format'])}${tool}; this version reads format ${FILE_FORMAT}`);
  }
  if (value['whole'] === undefined) throw wrong('truncated', name, 'is cut off: its last field, "whole", is missing');
  try {
    return sensible(value);
  } catch (error) {
    if (!(error instanceof Misshapen)) throw error;
    throw wrong('wrong', `${name}${lineOf(source, name, error.at)}`, `${placeOf(error.at)} ${error.message}`, ':');
  }
}

function parsed(source: string, name: string): unknown {
  try {
    return formatOf(name) === 'json' ? (JSON.parse(source) as unknown) : (parse(source, { maxAliasCount: 0, uniqueKeys: true }) as unknown);
  } catch (error) {
    const [first = ''] = messageOf(error).split('\n');
    // A file that was cut inside a line does not even parse.
    throw wrong('unreadable', name, `cannot be read, it is damaged or cut off: ${first.replace(/:$/, '')}`);
  }
}

/** Well-shaped is not enough: an edited file may contradict itself. */
function sensible(value: unknown): PlanFile {
  const { apiVersion: _, kind: __, format: ___, whole: end, ...file } = FILE(value, []);
  OPTIONS[file.runbook]?.(file.options, ['options']);
  for (const role of ['source', 'target']) if (file.clusters[role] === undefined) throw new Misshapen(['clusters', role], 'is missing');
  if (file.clusters['source']?.uid === file.clusters['target']?.uid)
    throw new Misshapen(['clusters', 'target', 'uid'], 'is that of the source: both would be the same cluster');
  refuseTwice(file.objects, ['objects']);
  for (const [set, items] of Object.entries(file.sets)) refuseTwice(items, ['sets', set]);
  file.objects.forEach((item, index) => refuseUnpinned(item, ['objects', index]));
  const count = Object.values(file.sets).reduce((sum, set) => sum + set.length, file.objects.length);
  if (count !== end.items)
    throw new Misshapen(['whole', 'items'], `says ${end.items}, and there are ${count}: lines were added or taken out`);
  return file;
}

function refuseTwice(items: readonly FileItem[], at: Path): void {
  const seen = new Set<Key>();
  items.forEach(({ key }, index) => {
    if (seen.has(key)) throw new Misshapen([...at, index, 'key'], `${key} is there twice`);
    seen.add(key);
  });
}

/** A Secret is pinned by its resourceVersion, everything else by content; a hash of a Secret would be one to guess from. */
function refuseUnpinned({ key, kind, uid, resourceVersion, content }: FileItem, at: Path): void {
  if (kind === undefined || uid === undefined) throw new Misshapen([...at, kind === undefined ? 'kind' : 'uid'], 'is missing');
  const secret = key.startsWith('secrets/');
  if (secret && content !== undefined) throw new Misshapen([...at, 'content'], 'is a hash of a Secret, which a plan file must not hold');
  if (secret && resourceVersion === undefined) throw new Misshapen([...at, 'resourceVersion'], 'is missing');
  if (!secret && content === undefined) throw new Misshapen([...at, 'content'], 'is missing');
}

/** `:12`, where the field, or the nearest thing above it, stands. */
function lineOf(source: string, name: string, at: Path): string {
  if (formatOf(name) === 'json') return '';
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines });
  for (let depth = at.length; depth > 0; depth--) {
    const node = document.getIn(at.slice(0, depth), true);
    if (isNode(node) && node.range != null) return `:${lines.linePos(node.range[0]).line}`;
  }
  return '';
}

function wrong(code: string, name: string, sentence: string, sign = '') {
  return usageError(`plan-file/${code}`, `${name}${sign} ${sentence}`, {
    subjects: [],
    next: ['Write a new one with --plan-file FILE, or take it from git as it was.'],
  });
}
