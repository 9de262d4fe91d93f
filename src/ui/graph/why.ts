/** `--why TYPE/NAME` as text: why it moves, why in this order, who would reconcile it now, what it refers to. Pure. */
import { title, type ObjectRef } from '../../graph/ref.ts';
import type { Found, Reconciler, WhyView } from '../../graph/view.ts';
import type { Look } from '../preflight.ts';
import { counted, oneLine } from '../text.ts';
import { standing } from './words.ts';

/** Names told of a crowd. */
const MANY = 10;

export function whyLines(why: WhyView, look: Look): string[] {
  const { palette, glyphs } = look;
  const { node } = why;
  const [ready, , state] = node === undefined ? ['', '', ''] : standing(node);
  const said = [state, ready === '' ? '' : ready === 'True' ? 'ready' : 'not ready'].filter((word) => word !== '').join(', ');
  return [
    `${palette.strong(oneLine(title(why.ref)))}${said === '' ? '' : `  ${palette.faint(said)}`}`,
    '',
    node === undefined
      ? `Stays: ${oneLine(why.why)}`
      : `Moves: ${oneLine(why.why)}${node.kept === true ? '; copied, and kept on the source' : ''}`,
    '',
    ...order(why),
    '',
    'Would be reconciled now by',
    ...acting(why, look),
    `  ${oneLine(why.hold)}`,
    '',
    ...section(
      'Refers to',
      why.refersTo.map(
        ({ path, key, ref, is, optional }) =>
          `${signOf(is, optional, look)} ${ref === undefined ? oneLine(key) : name(ref)}  ${palette.faint(`${path}, ${saidOf(is, optional)}`)}`,
      ),
      'nothing',
    ),
    '',
    ...section(
      'Named by',
      cut(why.namedBy, ({ ref, path }) => `${glyphs.arrow} ${name(ref)}  ${palette.faint(path)}`),
      'nothing',
    ),
  ];
}

function order({ node, groups, after, before, lostOwners }: WhyView): string[] {
  const how = (kind: 'owner' | 'soft'): string => (kind === 'owner' ? 'its owner' : 'by name, without an owner reference');
  const heading = node === undefined ? 'Order' : `Order: move group ${node.group} of ${groups}`;
  const first = after.map(({ ref, kind, moves }) => `after ${name(ref)}, ${how(kind)}${moves ? '' : ', which does not move'}`);
  const lost = lostOwners.map(
    (owner) => `names ${oneLine(owner)} as an owner, which is not there: a stale owner, or of a kind that is not moved`,
  );
  const nobody = after.length === 0 && lost.length === 0 ? ['after nothing: it has no owner'] : [];
  const kinds = [...Map.groupBy(before, ({ ref }) => ref.kind)].map(([kind, all]) => `${all.length} ${kind}`).join(', ');
  const waits =
    before.length === 0
      ? ['nothing waits for it']
      : [`before ${counted(before.length, 'object')} (${kinds}): ${names(before.map(({ ref }) => ref))}`];
  return [heading, ...[...first, ...lost, ...nobody, ...waits].map((line) => `  ${line}`)];
}

function acting({ reconcilers }: WhyView, { palette, glyphs }: Look): string[] {
  if (reconcilers.length === 0) return ['  nobody that is known: it is data, or of a kind without a known controller'];
  return reconcilers.map(
    (one) => `  ${isActing(one) ? palette.good(glyphs.done) : palette.warn(glyphs.warn)} ${one.title}: ${actingWords(one)}`,
  );
}

function isActing({ workload, elsewhere }: Reconciler): boolean {
  return workload !== undefined && workload.ready > 0 && elsewhere === undefined;
}

function actingWords({ workload, elsewhere }: Reconciler): string {
  if (workload === undefined) return 'not seen on this cluster';
  const runs = workload.wanted === 0 ? 'scaled to 0' : `${workload.ready} of ${workload.wanted} ready`;
  return `${name(workload.ref)}, ${runs}${elsewhere === undefined ? '' : `, watches only ${elsewhere.join(', ')}`}`;
}

function signOf(is: Found, optional: boolean, { palette, glyphs }: Look): string {
  if (is === 'moves') return palette.good(glyphs.done);
  return is === 'missing' && !optional ? palette.bad(glyphs.fail) : palette.warn(glyphs.warn);
}

const FOUND: Readonly<Record<Found, string>> = {
  moves: 'moves too',
  stays: 'stays',
  missing: 'is not there',
  unread: 'may not be listed by you',
};

function saidOf(is: Found, optional: boolean): string {
  return `${FOUND[is]}${is === 'missing' ? (optional ? '; it works without' : ', and it does not work without') : ''}`;
}

function section(heading: string, lines: readonly string[], none: string): string[] {
  return lines.length === 0 ? [`${heading} ${none}`] : [heading, ...lines.map((line) => `  ${line}`)];
}

function cut<T>(all: readonly T[], line: (one: T) => string): string[] {
  return [...all.slice(0, MANY).map(line), ...(all.length > MANY ? [`and ${all.length - MANY} more; -o json has all`] : [])];
}

function names(refs: readonly ObjectRef[]): string {
  return `${refs.slice(0, 3).map(name).join(', ')}${refs.length > 3 ? ' ...' : ''}`;
}

function name(ref: ObjectRef): string {
  return oneLine(title(ref));
}
