/*
 * gVisor: its address translation leads each new TCP connection that is not to the machine's loopback to our listener, as iptables' REDIRECT does. The
 * address that was meant is the connection's SO_ORIGINAL_DST. The structures are those of linux/netfilter_ipv4/ip_tables.h.
 */
struct ipt_entry {
  u32 source, destination, source_mask, destination_mask;
  char in[16], out[16];
  u8 in_mask[16], out_mask[16];
  u16 protocol;
  u8 flags, inverted;
  u32 cache;
  u16 target_offset, next_offset;
  u32 comes_from;
  u64 packets, bytes;
};

struct ipt_target {
  u16 size;
  char name[29];
  u8 revision;
};

struct verdict_rule {
  struct ipt_entry entry;
  struct ipt_target target;
  int verdict, unused;
};

struct redirect_rule {
  struct ipt_entry entry;
  struct ipt_target target;
  u32 ranges, flags, first_address, last_address;
  u16 first_port, last_port;
  u32 unused;
};

struct end_rule {
  struct ipt_entry entry;
  struct ipt_target target;
  char name[32];
};

struct nat_table {
  char name[32];
  u32 hooks, rules, size;
  /* By hook: incoming, to this machine, forwarded, from this machine, leaving. */
  u32 first_rules[5], policies[5];
  u32 counters;
  void *old_counters;
  struct verdict_rule incoming, received, local;
  struct redirect_rule tcp;
  struct verdict_rule sent, leaving;
  struct end_rule end;
};

enum { RAW_PROTOCOL = 255, SOL_IP = 0, IPT_SO_SET_REPLACE = 64, PROTOCOL_TCP = 6, ALL_HOOKS_OF_NAT = 0x1b, PORTS_ARE_GIVEN = 2 };

#define ACCEPT (-2)

static void set_rule(void *rule, u16 size, const char *target) {
  struct ipt_entry *entry = rule;
  struct ipt_target *its = (struct ipt_target *)(entry + 1);
  entry->target_offset = sizeof *entry;
  entry->next_offset = size;
  its->size = (u16)(size - sizeof *entry);
  copy(its->name, target, length(target));
}

static void accept_all(struct verdict_rule *rule) {
  set_rule(rule, sizeof *rule, "");
  rule->verdict = ACCEPT;
}

static u32 place(struct nat_table *table, void *rule) {
  return (u32)((u8 *)rule - (u8 *)&table->incoming);
}

static void translate_to(u16 port) {
  static struct nat_table table;
  copy(table.name, "nat", 3);
  table.hooks = ALL_HOOKS_OF_NAT;
  table.rules = 7;
  table.size = (u32)((u8 *)(&table + 1) - (u8 *)&table.incoming);

  accept_all(&table.incoming);
  accept_all(&table.received);
  accept_all(&table.local);
  accept_all(&table.sent);
  accept_all(&table.leaving);
  table.local.entry.destination = 127;
  table.local.entry.destination_mask = 255;
  set_rule(&table.tcp, sizeof table.tcp, "REDIRECT");
  table.tcp.entry.protocol = PROTOCOL_TCP;
  table.tcp.ranges = 1;
  table.tcp.flags = PORTS_ARE_GIVEN;
  table.tcp.first_port = table.tcp.last_port = big_endian(port);
  set_rule(&table.end, sizeof table.end, "ERROR");
  copy(table.end.name, "ERROR", 5);

  table.first_rules[0] = table.policies[0] = place(&table, &table.incoming);
  table.first_rules[1] = table.policies[1] = place(&table, &table.received);
  table.first_rules[3] = place(&table, &table.local);
  table.policies[3] = place(&table, &table.sent);
  table.first_rules[4] = table.policies[4] = place(&table, &table.leaving);

  s64 socket = checked("opening a raw socket", CALL(socket, AF_INET, SOCK_RAW, RAW_PROTOCOL, 0, 0));
  checked("setting the address translation", CALL(setsockopt, socket, SOL_IP, IPT_SO_SET_REPLACE, &table, sizeof table));
  CALL(close, socket, 0, 0, 0, 0);
}
