/** What roles may do, so that pages offer nothing that the API would refuse; the API decides. Pure. */

const roles = {
  read: ["operator", "tenant-admin", "deployer", "reader"],
  deploy: ["operator", "tenant-admin", "deployer"],
  invoke: ["operator", "tenant-admin", "deployer", "invoker"],
} as const;

export function mayDo(action: keyof typeof roles, role: string): boolean {
  return (roles[action] as readonly string[]).includes(role);
}
