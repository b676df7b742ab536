export interface Kernel {
  /** As `uname -r` prints it, for example "6.1.0-56-cloud-amd64". */
  release: string;
  vmlinuz: string;
  /** In the order in which they are loaded. */
  modules: { name: string; data: Buffer }[];
}
