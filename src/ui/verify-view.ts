/** What `verify` found: each object that differs, field by field where that is known, and a hash that two people can compare by voice. */
import { typeName, type ObjectRef } from '../graph/ref.ts';
import type { Verification } from '../runs/runs.ts';
import type { Look } from './preflight.ts';
import type { Grid } from './runs-view.ts';
import { count, counted, cut, oneLine, padEnd, redact } from './text.ts';

type Difference = Verification['different'][number];
type Field = NonNullable<Difference['fields']>[number];

/** Columns that one value takes at most. */
const VALUE = 48;

/** What is compared with what, by which comparison, and what has to be known of it: for stderr. */
export function verificationHead(verification: Verification, { palette, glyphs }: Look): string[] {
  const { run, sides, comparison, notes } = verification;
  const width = Math.max(...sides.map(({ context }) => oneLine(context).length), 0);
  return [
    ...sides.map(
      ({ role, context, server, uid, read }) =>
        `${palette.strong(role.padEnd(6))}  ${oneLine(context).padEnd(width)}  ${palette.faint(`${oneLine(server)}  ${uid.slice(0, 8)}${read ? '' : '  not read'}`)}`,
    ),
    run === undefined
      ? `two live sides, ${COMPARISONS[comparison]}`
      : `the target and what run ${run} recorded, ${COMPARISONS[comparison]}`,
    ...notes.map((note) => `${palette.warn(glyphs.warn)} ${oneLine(redact(note))}`),
    '',
  ];
}

const COMPARISONS: Readonly<Record<Verification['comparison'], string>> = {
  copy: 'compared whole, status included, since the copies are held',
  released: 'of the status only what stays, since the target acts',
  rollback: 'compared whole, owners by UID',
};

export function verificationLines(verification: Verification, { palette, glyphs }: Look): string[] {
  const { different, uncompared, compared, hash, sourceHash } = verification;
  const hashes =
    sourceHash === undefined
      ? [`hash  ${palette.strong(hash.spoken)}`]
      : [`hash of the source  ${palette.strong(sourceHash.spoken)}`, `hash of the target  ${palette.strong(hash.spoken)}`];
  return [
    ...different.flatMap((one) => [`${palette.bad(glyphs.fail)} ${named(one.ref)}: ${oneLine(one.sentence)}`, ...details(one)]),
    ...uncompared.map(({ ref, sentence }) => `${palette.warn(glyphs.warn)} ${named(ref)}: not compared, ${oneLine(sentence)}`),
    verdict(verification, compared, { palette, glyphs }),
    ...hashes,
  ];
}

export function verificationTable({ different }: Verification): Grid {
  return {
    head: ['NAMESPACE', 'NAME', 'RESULT', 'FIELDS'],
    rows: different.map(({ ref, sentence, fields = [] }) => [
      ref.namespace ?? '',
      typeName(ref),
      oneLine(sentence),
      cut(fields.map(({ path }) => oneLine(path)).join(', '), VALUE * 2),
    ]),
  };
}

function verdict({ different, uncompared }: Verification, compared: number, { palette, glyphs }: Pick<Look, 'palette' | 'glyphs'>): string {
  const missing = uncompared.length === 0 ? '' : `; ${counted(uncompared.length, 'object')} could not be compared`;
  if (different.length > 0)
    return `${palette.bad(glyphs.fail)} ${count(different.length)} of ${counted(compared, 'object')} ${different.length === 1 ? 'differs' : 'differ'}${missing}`;
  const equal = compared - uncompared.length;
  const sign = uncompared.length === 0 ? palette.good(glyphs.done) : palette.warn(glyphs.warn);
  return `${sign} ${counted(equal, 'object is', 'objects are')} equal${missing}`;
}

function named(ref: ObjectRef): string {
  return `${oneLine(typeName(ref))}${ref.namespace === undefined ? '' : ` -n ${oneLine(ref.namespace)}`}`;
}

function details({ fields, why }: Difference): string[] {
  const width = Math.min(48, Math.max(0, ...(fields ?? []).map(({ path }) => path.length)));
  return [
    ...(fields ?? []).map((field) => `    ${padEnd(oneLine(field.path), width)}  ${sidesOf(field)}`),
    ...(why === undefined ? [] : [`    ${oneLine(why)}`]),
  ];
}

/** A Secret's value is not here to be shown. */
function sidesOf({ source, target, secret }: Field): string {
  if (secret === true) return 'differs; values of Secrets are not shown';
  return `source ${value(source)}, target ${value(target)}`;
}

function value(text: string | undefined): string {
  return text === undefined ? 'has none' : cut(oneLine(redact(text)), VALUE);
}
