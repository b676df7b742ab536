/** A log's files: <id>.jsonl is the newest, then <id>.1.jsonl, <id>.2.jsonl… */
import { rename, rm, stat } from "node:fs/promises";

export function fileName(newest: string, age: number): string {
  return age === 0 ? newest : newest.replace(/\.jsonl$/, `.${age}.jsonl`);
}

/** Makes room for a new newest file, and deletes the oldest. */
export async function rotate(newest: string, files: number): Promise<void> {
  for (let age = files - 1; age > 0; age--) await renameIfThere(fileName(newest, age - 1), fileName(newest, age));
}

export async function deleteFiles(newest: string, files: number): Promise<void> {
  for (let age = 0; age < files; age++) await deleteFile(newest, age);
}

export async function deleteFile(newest: string, age: number): Promise<void> {
  await rm(fileName(newest, age), { force: true, recursive: true });
}

/** 0 if there is no such file. */
export async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
