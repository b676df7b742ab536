/** Formats numbers for the sentences that give reasons. */

/** Three significant digits: 0.0123, 1.23, 12.3, 1234. */
export function figure(value: number): string {
  if (value === 0 || Math.abs(value) >= 100) return String(Math.round(value));
  const scale = 10 ** (2 - Math.floor(Math.log10(Math.abs(value))));
  return String(Math.round(value * scale) / scale);
}

/** "12.3 ms", "1.2 s", "5.1 min", "3.2 h". */
export function span(ms: number): string {
  if (ms < 1_000) return `${figure(ms)} ms`;
  if (ms < 120_000) return `${figure(ms / 1_000)} s`;
  return ms < 7_200_000 ? `${figure(ms / 60_000)} min` : `${figure(ms / 3_600_000)} h`;
}

/** For example "156 MB". */
export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_048_576)} MB`;
}
