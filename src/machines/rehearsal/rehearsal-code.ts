/** The code of a rehearsal: a handler that replies at once, and one that uses most of the language. */
export interface RehearsalCode {
  format: "cjs" | "python" | "java";
  /** Differs each time, also from what a template was given, where a runtime compiles the same text only once. */
  plain: string;
  rich: string;
  /** Their names; if absent, both are called `handler`. */
  handlers?: { plain: string; rich: string };
}
