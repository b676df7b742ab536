/** Refuses what SQLite would take for something else than its writer meant: it carries out the first of several statements, and takes null for each parameter without a value. */
import type { StatementSync } from "node:sqlite";

/** What may follow the end of a statement. */
const REST = /^(?:[\s;]|--[^\n]*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/|$))*$/;
/** Texts, names and comments, in which a `?` is no parameter; then parameters. Names may have a `$` within. */
const TOKENS =
  /'[^']*'|"[^"]*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/|$)|[\p{L}_\d][\p{L}\w$]*|\?(?<number>\d*)|(?<named>[:@$][\p{L}\w]+)/gu;

/** @throws Error if the text is of several statements, or its parameters are more than the values */
export function checkStatement(sql: string, { sourceSQL }: Pick<StatementSync, "sourceSQL">, values: number): void {
  if (!REST.test(sql.slice(sourceSQL.length))) throw new Error("this is more than one statement: use a batch, or a script");
  const parameters = parametersIn(sourceSQL);
  if (parameters > values) throw new Error(`parameters without a value: the statement has ${parameters}, and ${values} were given`);
}

/** How many parameters a statement has: the highest number of them, as a `?` alone has the number after the highest before it. */
function parametersIn(sql: string): number {
  let highest = 0;
  for (const { groups } of sql.matchAll(TOKENS)) {
    const { number, named } = groups!;
    if (named !== undefined)
      throw new Error(`the parameter ${named} has a name: write ? or ?1 in its place, as values are given in their order`);
    if (number !== undefined) highest = number === "" ? highest + 1 : Math.max(highest, Number(number));
  }
  return highest;
}
