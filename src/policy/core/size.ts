export interface Size {
  memoryMb: number;
  vcpus: number;
}

export function sameSize(a: Size, b: Size): boolean {
  return a.memoryMb === b.memoryMb && a.vcpus === b.vcpus;
}
