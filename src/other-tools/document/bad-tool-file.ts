/** What is wrong with a file of another tool. The orchestrator makes an error of the table of it, with the file's name. */
export class BadToolFile extends Error {
  /** Where it is in the file, such as `functions.pay.runtime`; empty for the whole file. */
  readonly at: string;
  /** A clause. */
  readonly what: string;

  constructor(at: string, what: string) {
    super(at === "" ? what : `${at}: ${what}`);
    this.at = at;
    this.what = what;
  }
}
