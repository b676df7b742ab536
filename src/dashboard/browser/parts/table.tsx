import type { ComponentChildren } from "preact";
import { Fragment } from "preact";
import { Meanings } from "./meanings.tsx";

export interface Column<Row> {
  title: string;
  /** What the column says, in a sentence or less, where its title alone does not tell. */
  about?: string;
  cell: (row: Row) => ComponentChildren;
  /** Whether the cells are numbers or times: their digits stand below each other, and they are not broken. */
  isNumber?: boolean;
  /** Whether the cells are sentences, which need some room. */
  isLong?: boolean;
  /** Whether the title is for screen readers alone, as that of buttons. */
  isUntitled?: boolean;
}

interface TableProps<Row> {
  /** What the rows are, for screen readers: another name than that of the card around it, which is a region, too. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  /** What tells a row from the others. */
  keyOf: (row: Row, index: number) => string | number;
  /** What stands in the place of a table without rows: what it would show, and how one gets some. */
  empty?: ComponentChildren;
  /** What stands below a row over its whole width, if anything. */
  below?: (row: Row) => ComponentChildren;
}

/**
 * A table that is scrolled in itself, by keys too, where it is wider than its place. Text of others stays in its cell: it is broken anywhere, and its direction of writing
 * ends with it.
 */
export function Table<Row>({ label, columns, rows, keyOf, empty, below }: TableProps<Row>) {
  if (rows.length === 0 && empty !== undefined) return <div class="muted">{empty}</div>;
  const meanings = columns.flatMap(({ title, about }) => (about === undefined ? [] : [[title, about] as const]));
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label={label}>
        <table>
          <thead>
            <tr>
              {columns.map(({ title, isUntitled = false }) => (
                <th key={title} scope="col">
                  {isUntitled ? <span class="unseen">{title}</span> : title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => {
              const more = below?.(row);
              return (
                <Fragment key={keyOf(row, index)}>
                  <tr>
                    {columns.map(({ title, cell, isNumber = false, isLong = false }) => (
                      <td key={title} class={isNumber ? "number" : isLong ? "long" : ""}>
                        {cell(row)}
                      </td>
                    ))}
                  </tr>
                  {more && (
                    <tr class="below">
                      <td colSpan={columns.length}>{more}</td>
                    </tr>
                  )}
                </Fragment>
              );
            })}
          </tbody>
        </table>
      </div>
      {meanings.length > 0 && <Meanings of="the columns" words={meanings} />}
    </>
  );
}
