/** Where images are kept for others: a folder, or a web server that serves such a folder. Nothing of ours runs there. */

export interface Store {
  /** As its user named it, without a password. */
  readonly name: string;
  /** Undefined where there is no such file. Rejects with "store-unreachable". */
  read(path: string, mostBytes: number): Promise<Buffer | undefined>;
  has(path: string): Promise<boolean>;
  /** The file appears whole, or replaces the old one whole. */
  write(path: string, data: Buffer): Promise<void>;
}
