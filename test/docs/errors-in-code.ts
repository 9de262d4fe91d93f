/**
 * Every error that the program can end with, read out of its source: a walk over the syntax trees finds each place where one is made, also through functions that
 * are handed the code. A code that cannot be read there is an error of this walk, so that the page which is made from it cannot leave one out.
 */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { EXIT, VERIFY_EXIT } from '../../src/errors.ts';

export interface ErrorInCode {
  readonly code: string;
  readonly exits: readonly number[];
  /** What is put in when it happens reads as an ellipsis; '' where all of it is. */
  readonly message: string;
  readonly next: readonly string[];
  readonly file: string;
}

/** A way to make an error: which argument says what; else what is said always. */
interface Maker {
  readonly code: number | ts.Expression;
  readonly prefix: string;
  readonly exit: number | readonly number[];
  readonly message: number | string;
  readonly next: number | readonly string[];
  /** Position of the details, which may carry `next`. */
  readonly details?: number;
}

const BASE: Readonly<Record<string, Maker>> = {
  MigrateError: { code: 0, prefix: '', exit: 1, message: 2, next: [], details: 3 },
  usageError: { code: 0, prefix: '', exit: [EXIT.usage], message: 1, next: [], details: 2 },
  blocked: { code: 0, prefix: '', exit: [EXIT.blocked], message: 1, next: [], details: 2 },
};
const CLASSES = new Set(['MigrateError', 'Detailed']);
const ROOT = join(import.meta.dirname, '..', '..');

/** @throws Error where a code cannot be read */
export function errorsInCode(): ErrorInCode[] {
  const files = globSync('src/**/*.ts', { cwd: ROOT })
    .filter((file) => file !== 'src/errors.ts')
    .sort()
    .map((file) => ts.createSourceFile(join(ROOT, file), readFileSync(join(ROOT, file), 'utf8'), ts.ScriptTarget.Latest, true));
  const walk = new Walk(files);
  return walk.all();
}

class Walk {
  readonly #files: readonly ts.SourceFile[];
  readonly #found: ErrorInCode[] = [];
  /** Functions that are handed a code, by name; those of one file only by file and name. */
  readonly #makers = new Map<string, Maker>();
  readonly #open: string[] = [];

  constructor(files: readonly ts.SourceFile[]) {
    this.#files = files;
  }

  all(): ErrorInCode[] {
    const seen = new Set<ts.Node>();
    for (let makers = -1; makers < this.#makers.size;) {
      makers = this.#makers.size;
      for (const file of this.#files) visit(file, (node) => this.#look(node, file, seen));
    }
    if (this.#open.length > 0) throw new Error(`codes that cannot be read:\n${this.#open.join('\n')}`);
    return this.#found;
  }

  #look(node: ts.Node, file: ts.SourceFile, seen: Set<ts.Node>): void {
    if (seen.has(node) || !(ts.isCallExpression(node) || ts.isNewExpression(node))) return;
    const maker = this.#makerOf(node, file);
    if (maker === undefined) return;
    seen.add(node);
    this.#take(node, maker, file);
  }

  #makerOf({ expression, parent }: ts.CallExpression | ts.NewExpression, file: ts.SourceFile): Maker | undefined {
    if (expression.kind === ts.SyntaxKind.SuperKeyword) {
      const base = ancestor(parent, ts.isClassDeclaration)?.heritageClauses?.[0]?.types[0]?.expression.getText();
      return base !== undefined && CLASSES.has(base) ? BASE['MigrateError'] : undefined;
    }
    if (!ts.isIdentifier(expression)) return undefined;
    const name = expression.text;
    return Object.hasOwn(BASE, name) ? BASE[name] : this.#makers.get(`${importedFrom(name, file) ?? file.fileName} ${name}`);
  }

  #take(node: ts.CallExpression | ts.NewExpression, maker: Maker, file: ts.SourceFile): void {
    const args = node.arguments ?? ts.factory.createNodeArray();
    const at = (place: number): ts.Expression | undefined => args[place];
    const code = typeof maker.code === 'number' ? at(maker.code) : maker.code;
    if (code === undefined) return;
    const own = functionAround(node);
    const parts = partsOf(args, maker, own, file);
    const { codes, handed } = this.#codesOf(code, own, node, file);
    if (handed !== undefined && own !== undefined)
      this.#hand(own, { ...parts, code: handed.place, prefix: maker.prefix + handed.prefix }, file);
    for (const one of codes) {
      this.#found.push({
        code: maker.prefix + one,
        exits: typeof parts.exit === 'number' ? [] : parts.exit,
        message: typeof parts.message === 'number' ? '' : parts.message,
        next: typeof parts.next === 'number' ? [] : parts.next,
        file: relative(ROOT, file.fileName),
      });
    }
  }

  /** The codes that stand there; or that this function is handed them. Those of another error, passed on, are known from where that was made. */
  #codesOf(code: ts.Expression, own: Own | undefined, node: ts.Node, file: ts.SourceFile): Codes {
    if (ts.isStringLiteral(code) || ts.isNoSubstitutionTemplateLiteral(code)) return { codes: [code.text] };
    if (isPassedOn(code, own)) return { codes: [] };
    const { prefix, name, suffix } = pieces(code);
    const place = parameter(name, own);
    const written = literalsOf(place === undefined ? undefined : own?.parameters[place]?.type, file) ?? givenBy(name, own, file);
    if (written !== undefined) return { codes: written.map((word) => prefix + word + suffix) };
    if (place !== undefined && suffix === '') return { codes: [], handed: { place, prefix } };
    this.#open.push(`${relative(ROOT, file.fileName)}: ${node.getText().slice(0, 80)}`);
    return { codes: [] };
  }

  #hand(own: Own, maker: Maker, file: ts.SourceFile): void {
    const name = nameOf(own);
    if (name === undefined) this.#open.push(`${relative(ROOT, file.fileName)}: a function without a name is handed a code`);
    else this.#makers.set(`${file.fileName} ${name}`, maker);
  }
}

interface Codes {
  readonly codes: readonly string[];
  readonly handed?: { readonly place: number; readonly prefix: string };
}

function partsOf(args: readonly ts.Expression[], maker: Maker, own: Own | undefined, file: ts.SourceFile): Omit<Maker, 'code' | 'prefix'> {
  const { exit, message, next, details } = maker;
  const given = <T>(what: number | T, read: (expression: ts.Expression | undefined) => T): number | T =>
    typeof what === 'number' ? (parameter(args[what], own) ?? read(args[what])) : what;
  return {
    exit: given(exit, (expression) => exitsIn(expression, file)),
    message: given(message, textOf),
    next: typeof next === 'number' ? given(next, textsOf) : nextIn(details === undefined ? undefined : args[details], own, next),
  };
}

/** `error.code`, or a `code` that was taken out of an error. */
function isPassedOn(code: ts.Expression, own: Own | undefined): boolean {
  if (ts.isPropertyAccessExpression(code)) return code.name.text === 'code';
  return ts.isIdentifier(code) && code.text === 'code' && parameter(code, own) === undefined;
}

/** `head${name}tail`, or a name alone. */
function pieces(code: ts.Expression): { readonly prefix: string; readonly name: ts.Expression | undefined; readonly suffix: string } {
  if (!ts.isTemplateExpression(code)) return { prefix: '', name: code, suffix: '' };
  const [only, ...more] = code.templateSpans;
  return { prefix: code.head.text, name: more.length === 0 ? only?.expression : undefined, suffix: only?.literal.text ?? '' };
}

type Own = ts.FunctionDeclaration | ts.ArrowFunction | ts.ConstructorDeclaration | ts.MethodDeclaration;

function visit(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node);
  node.forEachChild((child) => visit(child, look));
}

function ancestor<T extends ts.Node>(node: ts.Node, is: (node: ts.Node) => node is T): T | undefined {
  for (let at: ts.Node | undefined = node; at !== undefined; at = at.parent) if (is(at)) return at;
  return undefined;
}

function isOwn(node: ts.Node): node is Own {
  return (
    ts.isFunctionDeclaration(node) ||
    ts.isConstructorDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    (ts.isArrowFunction(node) && nameOf(node) !== undefined)
  );
}

function functionAround(node: ts.Node): Own | undefined {
  return ancestor(node.parent, isOwn);
}

function nameOf(own: Own): string | undefined {
  if (ts.isConstructorDeclaration(own)) return own.parent.name?.text;
  if (!ts.isArrowFunction(own)) return own.name?.getText();
  return ts.isVariableDeclaration(own.parent) ? own.parent.name.getText() : undefined;
}

/** The file of ours that a name comes from. */
function importedFrom(name: string, file: ts.SourceFile): string | undefined {
  for (const statement of file.statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const bindings = statement.importClause?.namedBindings;
    if (bindings === undefined || !ts.isNamedImports(bindings) || !bindings.elements.some((one) => one.name.text === name)) continue;
    return resolve(dirname(file.fileName), statement.moduleSpecifier.text);
  }
  return undefined;
}

function parameter(expression: ts.Expression | undefined, own: Own | undefined): number | undefined {
  if (expression === undefined || own === undefined || !ts.isIdentifier(expression)) return undefined;
  const place = own.parameters.findIndex(({ name }) => name.getText() === expression.text);
  return place < 0 ? undefined : place;
}

/** `'a' | 'b'`, or a type of this file that says so. */
function literalsOf(type: ts.TypeNode | undefined, file: ts.SourceFile): string[] | undefined {
  if (type === undefined) return undefined;
  if (ts.isTypeReferenceNode(type)) {
    const alias = file.statements.find((one) => ts.isTypeAliasDeclaration(one) && one.name.text === type.typeName.getText());
    return alias === undefined ? undefined : literalsOf((alias as ts.TypeAliasDeclaration).type, file);
  }
  const words = (ts.isUnionTypeNode(type) ? [...type.types] : [type]).map((one) =>
    ts.isLiteralTypeNode(one) && ts.isStringLiteral(one.literal) ? one.literal.text : undefined,
  );
  return words.every((word) => word !== undefined) ? words : undefined;
}

/** `const { name } = explain(...)`: every `name: '...'` in that function. */
function givenBy(expression: ts.Expression | undefined, own: Own | undefined, file: ts.SourceFile): string[] | undefined {
  if (expression === undefined || !ts.isIdentifier(expression)) return undefined;
  const name = expression.text;
  let from: string | undefined;
  const words = new Set<string>();
  if (own !== undefined)
    visit(own, (node) => {
      const gives =
        ts.isVariableDeclaration(node) &&
        ts.isObjectBindingPattern(node.name) &&
        node.name.elements.some((one) => one.name.getText() === name);
      if (gives && node.initializer !== undefined && ts.isCallExpression(node.initializer)) from = node.initializer.expression.getText();
    });
  if (from === undefined) return undefined;
  visit(file, (node) => {
    if (!ts.isPropertyAssignment(node) || node.name.getText() !== name || !ts.isStringLiteral(node.initializer)) return;
    const around = functionAround(node);
    if (around !== undefined && nameOf(around) === from) words.add(node.initializer.text);
  });
  return words.size === 0 ? undefined : [...words];
}

/** Every `EXIT.x` that it names, itself or through a constant of its file. */
function exitsIn(expression: ts.Expression | undefined, file: ts.SourceFile): number[] {
  const exits = new Set<number>();
  const known: Readonly<Record<string, Readonly<Record<string, number>>>> = { EXIT, VERIFY_EXIT };
  const read = (node: ts.Node, deep: boolean): void =>
    visit(node, (one) => {
      if (ts.isPropertyAccessExpression(one)) {
        const exit = known[one.expression.getText()]?.[one.name.text];
        if (exit !== undefined) exits.add(exit);
      }
      if (deep && ts.isIdentifier(one))
        visit(file, (other) => {
          if (ts.isVariableDeclaration(other) && other.name.getText() === one.text && other.initializer !== undefined)
            read(other.initializer, false);
        });
    });
  if (expression !== undefined) read(expression, true);
  return [...exits].sort((a, b) => a - b);
}

/** A text as it is read: what is put in is an ellipsis. */
function textOf(expression: ts.Expression | undefined): string {
  if (expression === undefined) return '';
  if (ts.isStringLiteral(expression) || ts.isNoSubstitutionTemplateLiteral(expression)) return expression.text;
  if (ts.isTemplateExpression(expression))
    return expression.head.text + expression.templateSpans.map(({ literal }) => `…${literal.text}`).join('');
  if (ts.isConditionalExpression(expression)) return textOf(expression.whenTrue);
  if (ts.isIdentifier(expression)) return textOf(constant(expression));
  return '';
}

function textsOf(expression: ts.Expression | undefined): string[] {
  if (expression === undefined) return [];
  if (ts.isIdentifier(expression)) return textsOf(constant(expression));
  if (ts.isConditionalExpression(expression)) return [...textsOf(expression.whenTrue), ...textsOf(expression.whenFalse)];
  if (!ts.isArrayLiteralExpression(expression)) return [];
  return expression.elements.map(textOf).filter((text) => /[a-z]{2}/.test(text));
}

/** What a constant of the same function was given. */
function constant(name: ts.Identifier): ts.Expression | undefined {
  const own = functionAround(name);
  let found: ts.Expression | undefined;
  if (own !== undefined)
    visit(own, (node) => {
      if (ts.isVariableDeclaration(node) && node.name.getText() === name.text) found = node.initializer;
    });
  return found;
}

function nextIn(details: ts.Expression | undefined, own: Own | undefined, known: readonly string[]): number | readonly string[] {
  if (details === undefined || !ts.isObjectLiteralExpression(details)) return known;
  for (const property of details.properties) {
    if (ts.isPropertyAssignment(property) && property.name.getText() === 'next') return textsOf(property.initializer);
    if (ts.isShorthandPropertyAssignment(property) && property.name.text === 'next')
      return parameter(property.name, own) ?? textsOf(property.name);
  }
  return known;
}
