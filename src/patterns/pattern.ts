/** A pattern of events, as EventBridge defines it. Read from JSON by read-pattern.ts, compared by matches.ts; pure data. */
export interface Pattern {
  /** Each must fit. */
  fields: ReadonlyMap<string, Rule[] | Pattern>;
  /** Of each list, one must fit besides. */
  either: readonly (readonly Pattern[])[];
}

/** Of a field's rules, one must fit. */
export type Rule =
  | { is: "equal"; value: string | number | boolean | null }
  | { is: "text"; test: TextTest }
  | { is: "numeric"; bounds: readonly Bound[] }
  | { is: "cidr"; cidr: string }
  | { is: "exists"; wanted: boolean }
  | { is: "anything-but"; values: readonly (string | number)[]; tests: readonly TextTest[] };

export interface TextTest {
  how: "prefix" | "suffix" | "equals" | "wildcard";
  /** Of a wildcard, the texts between the stars. */
  parts: readonly string[];
  ignoresCase: boolean;
}

export interface Bound {
  operator: "=" | "<" | "<=" | ">" | ">=";
  value: number;
}
