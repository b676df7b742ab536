/** The files of the root's /etc, except certificates. There is no shell and no login, because only Node runs there. */
export const etcFiles: Record<string, string> = {
  group: "root:x:0:\nnogroup:x:65534:\n",
  hostname: "mayfly\n",
  hosts: "127.0.0.1 localhost mayfly\n::1 localhost\n",
  "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
  passwd: "root:x:0:0:root:/tmp:/nonexistent\nnobody:x:65534:65534:nobody:/nonexistent:/nonexistent\n",
  // The host resolves names, through the channel. If the agent does not listen on this address, a look-up fails at once.
  "resolv.conf": "nameserver 127.0.0.1\noptions attempts:1 timeout:10\n",
};
