/** Name servers as settings name them: "192.0.2.53", "192.0.2.53:5353", "[2001:db8::53]:5353". */
import { isIP, isIPv4 } from "node:net";

export function isNameServer(text: string): boolean {
  if (isIP(text) !== 0) return true;
  const [, four, six, port] = /^(?:([\d.]+)|\[([0-9a-fA-F:.]+)\])(?::(\d{1,5}))?$/.exec(text) ?? [];
  const address = four ?? six ?? "";
  return (
    isIP(address) !== 0 && isIPv4(address) === (four !== undefined) && (port === undefined || (Number(port) >= 1 && Number(port) <= 65_535))
  );
}
