/** Roles as `kubectl apply` takes them: YAML with a sentence on where it belongs, or one List for machines. */
import type { Role } from '../graph/ref.ts';
import type { Prepared, RoleGrant, SideRoles } from '../runs/runs.ts';
import { clean, count } from './text.ts';

export interface RoleSubject {
  readonly kind: 'User' | 'Group' | 'ServiceAccount';
  readonly name: string;
  readonly namespace?: string;
}

export interface RolesView {
  readonly prepared: Prepared;
  readonly sides: readonly SideRoles[];
  /** Absent: a placeholder stands in its place. */
  readonly subject?: RoleSubject | undefined;
}

const RBAC = 'rbac.authorization.k8s.io';
const NOBODY: RoleSubject = { kind: 'User', name: 'REPLACE-ME' };

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: RoleGrant['rules'];
  readonly roleRef?: Readonly<Record<string, string>>;
  readonly subjects?: readonly Readonly<Record<string, string>>[];
}

/** Role and binding of every grant. */
function manifestsOf({ role, grants }: SideRoles, subject: RoleSubject = NOBODY): Manifest[] {
  return grants.flatMap(({ namespace, rules }) => {
    const metadata = { name: nameOn(role), ...(namespace === undefined ? {} : { namespace }) };
    const kind = namespace === undefined ? 'ClusterRole' : 'Role';
    const whom = subject.kind === 'ServiceAccount' ? {} : { apiGroup: RBAC };
    const head = { apiVersion: `${RBAC}/v1`, metadata };
    return [
      { ...head, kind, rules },
      { ...head, kind: `${kind}Binding`, roleRef: { apiGroup: RBAC, kind, name: metadata.name }, subjects: [{ ...whom, ...subject }] },
    ];
  });
}

export function roleNames({ sides, subject }: RolesView): string[] {
  return sides.flatMap((side) => manifestsOf(side, subject).map(({ kind, metadata }) => `${kind.toLowerCase()}.${RBAC}/${metadata.name}`));
}

export function roleList({ sides, subject }: RolesView): Readonly<Record<string, unknown>> {
  return { apiVersion: 'v1', kind: 'List', items: sides.flatMap((side) => manifestsOf(side, subject)) };
}

export function roleLines(view: RolesView): string[] {
  return view.sides.flatMap((side) => [...about(side, view), ...manifestsOf(side, view.subject).flatMap((one) => ['---', ...lines(one)])]);
}

/** Another name on each side: a file that meets the wrong cluster can be told, and taken off again. */
function nameOn(role: Role): string {
  return `kubectl-migrate-${role}`;
}

function about({ role, missing }: SideRoles, { prepared: { plan, moving }, subject }: RolesView): string[] {
  const pin = plan.roles[role];
  const objects = moving.reduce((sum, kind) => sum + kind.count, 0);
  const whom = subject === undefined ? [`# For whom is open: put a name in place of ${NOBODY.name}, or print it with --for WHOM.`] : [];
  const later = missing.flatMap((namespace) => [
    `# Namespace ${clean(namespace)} is not there yet, so what is done in it stands in the ClusterRole. For a Role: create it first, print again.`,
  ]);
  return [
    `# ${role.toUpperCase()}: context ${clean(pin?.context ?? '')}, ${clean(pin?.server ?? '')}. For this cluster alone.`,
    `# What ${plan.runbook} needs there for ${count(objects)} objects, from preflight to verify, rollback and retire. It is made for this plan: print it anew when the scope grows.`,
    ...whom,
    ...later,
  ];
}

function lines({ apiVersion, kind, metadata, rules, roleRef, subjects }: Manifest): string[] {
  return [
    `apiVersion: ${apiVersion}`,
    `kind: ${kind}`,
    'metadata:',
    ...fields(metadata, '  '),
    ...(rules === undefined ? [] : ['rules:', ...rules.flatMap((rule) => entry(rule))]),
    ...(roleRef === undefined ? [] : ['roleRef:', ...fields(roleRef, '  ')]),
    ...(subjects === undefined ? [] : ['subjects:', ...subjects.flatMap((subject) => entry(subject))]),
  ];
}

function entry(of: object): string[] {
  return fields(of, '    ').map((line, index) => (index === 0 ? `  - ${line.slice(4)}` : line));
}

function fields(of: object, indent: string): string[] {
  return Object.entries(of).map(([name, value]) => `${indent}${name}: ${flow(value)}`);
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  const text = String(value);
  return /^[A-Za-z][\w./-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text) ? text : JSON.stringify(text);
}
