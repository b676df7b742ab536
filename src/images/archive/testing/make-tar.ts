/** Makes tar archives, valid or not, and .debs around them. */

export interface TarPart {
  name: string;
  /** "0" file, "5" folder, "2" symbolic link, "1" hard link; any other value is possible. */
  type?: string;
  content?: string;
  target?: string;
}

export function tarWith(parts: TarPart[]): Buffer {
  return Buffer.concat([...parts.flatMap(partOf), Buffer.alloc(1_024)]);
}

function partOf({ name, type = "0", content = "", target = "" }: TarPart): Buffer[] {
  const data = Buffer.from(content);
  const header = Buffer.alloc(512);
  header.write(name, 0, 100, "latin1");
  header.write("0000644", 100);
  header.write(data.length.toString(8).padStart(11, "0"), 124);
  header.write(type, 156, "latin1");
  header.write(target, 157, 100, "latin1");
  header.write("ustar  ", 257);
  header.fill(" ", 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return [header, data, Buffer.alloc((512 - (data.length % 512)) % 512)];
}

export function debWith(members: Record<string, Buffer | string>): Buffer {
  const parts = Object.entries(members).flatMap(([name, content]) => {
    const data = typeof content === "string" ? Buffer.from(content) : content;
    const [owner, mode, size] = ["0".padEnd(6), "100644".padEnd(8), String(data.length).padEnd(10)];
    const header = `${name.padEnd(16)}${"0".padEnd(12)}${owner}${owner}${mode}${size}\`\n`;
    return [Buffer.from(header, "latin1"), data, Buffer.from(data.length % 2 === 1 ? "\n" : "")];
  });
  return Buffer.concat([Buffer.from("!<arch>\n"), ...parts]);
}
