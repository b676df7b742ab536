/** The rows of a CSV file with a header, as a stream. csv-parse parses them and is given whole lines; so a field must not have a line break in it. */
import { parse } from "csv-parse/sync";
import { MayflyError } from "../../base/errors/error.ts";
import { wholeLines } from "./lines.ts";

export class CsvFile {
  readonly file: string;
  readonly header: readonly string[];

  /** @throws MayflyError "bad-request" if the file lacks one of `columns`; the system's error if it cannot be read */
  constructor(file: string, columns: readonly string[]) {
    this.file = file;
    this.header = headerOf(file);
    const missing = columns.filter((column) => !this.header.includes(column));
    if (missing.length > 0) throw new MayflyError("bad-request", { what: `${file} has no column ${missing.join(", ")}` });
  }

  /** The index of a column; -1 if the file has no such column. */
  column(name: string): number {
    return this.header.indexOf(name);
  }

  *rows(): Generator<string[]> {
    let first = true;
    for (const text of wholeLines(this.file)) {
      const rows = parseRows(this.file, text);
      yield* first ? rows.slice(1) : rows;
      first = false;
    }
  }

  /** The number in a field; 0 if the field is empty. @throws MayflyError "bad-request" if the field is not a number */
  number(row: string[], column: number): number {
    const value = Number(row[column] ?? "");
    if (Number.isNaN(value)) throw new MayflyError("bad-request", { what: `${this.file} has "${row[column]}" for ${this.header[column]}` });
    return value;
  }
}

function headerOf(file: string): string[] {
  for (const text of wholeLines(file)) return parseRows(file, text.slice(0, text.indexOf("\n") + 1 || undefined))[0] ?? [];
  return [];
}

function parseRows(file: string, text: string): string[][] {
  try {
    return parse(text, { trim: true, skip_empty_lines: true, bom: true });
  } catch (error) {
    throw new MayflyError("bad-request", { what: `${file} is no CSV file: ${(error as Error).message}` }, error);
  }
}
