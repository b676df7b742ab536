/*
 * Carries the connections of the kernel's NFS client to the host, by the frames of docs/guest-protocol.md.
 *
 * 1. All sockets but the channel never wait. The channel waits for the host alone, which always reads.
 * 2. A connection holds no more of the host's bytes than its buffer has room for, because the host is given no more credit than that.
 * 3. Nothing here allocates, so that the kernel's memory can be freed by writing to the server when there is none left.
 */
enum { CONNECTIONS = 64, LISTENERS = 32, BUFFER = 262144, INITIAL_CREDIT = 65536, CREDIT_STEP = 32768, MOST_DATA = 65536, HEADER = 12 };
enum { DATA = 8, CREDIT = 9, RESET = 10, CONNECT = 16, CONNECTED = 17, END = 1, CANCELLED = 1 };

/* Milliseconds from a connection that failed to the next attempt. */
enum { RETRY = 1000 };

struct listener {
  int socket;
  u32 mount, port;
};

struct connection {
  /* 0: there is none. */
  u32 stream;
  int socket;
  const struct listener *listener;
  /* Bytes that the host takes. */
  u32 credit;
  /* Bytes that were taken from the host and are not granted again. */
  u32 owed;
  int is_connected, client_ended, host_ended;
  /* When the host is to be asked again; 0 if it has been asked. */
  u64 retry_at;
  /* What of the host's bytes the client has not taken. */
  u32 first, held;
  u8 buffer[BUFFER];
};

static s64 channel;
static struct connection connections[CONNECTIONS];
static struct listener listeners[LISTENERS];
static u32 listener_count;
static u32 next_stream = 2;

/* The last reason for which the host did not connect, and for which mount. */
static char failure[1100];
static u32 failed_mount;

static void set_word(u8 *at, u32 value) {
  for (int i = 0; i < 4; i++) at[i] = (u8)(value >> 8 * i);
}

static u32 word(const u8 *at) {
  return at[0] | at[1] << 8 | at[2] << 16 | (u32)at[3] << 24;
}

static void send_all(const u8 *bytes, u64 size) {
  while (size > 0) {
    s64 sent = CALL(sendto, channel, bytes, size, MSG_NOSIGNAL, 0);
    if (sent <= 0) fail("writing to the host", sent);
    bytes += sent;
    size -= (u64)sent;
  }
}

/* @param frame with HEADER bytes before the payload */
static void send_frame(u8 *frame, u8 type, u8 flags, u32 stream, u32 size) {
  set_word(frame, size);
  frame[4] = type;
  frame[5] = flags;
  frame[6] = frame[7] = 0;
  set_word(frame + 8, stream);
  send_all(frame, HEADER + size);
}

static void ask(struct connection *one, const struct mount *mounts) {
  u8 frame[HEADER + 400];
  one->stream = next_stream;
  next_stream += 2;
  one->credit = INITIAL_CREDIT;
  one->retry_at = 0;
  char *end = put((char *)frame + HEADER, "{\"host\":\"");
  end = put(end, mounts[one->listener->mount].server);
  end = put_number(put(end, "\",\"port\":"), one->listener->port);
  end = put(end, "}");
  send_frame(frame, CONNECT, 0, one->stream, (u32)(end - (char *)frame) - HEADER);
}

static void forget(struct connection *one) {
  CALL(close, one->socket, 0, 0, 0, 0);
  one->stream = 0;
}

/* The client has gone, or cannot be served. */
static void abandon(struct connection *one) {
  u8 frame[HEADER + 2] = {0};
  frame[HEADER] = CANCELLED;
  if (one->retry_at == 0) send_frame(frame, RESET, 0, one->stream, 2);
  forget(one);
}

static void grant(struct connection *one) {
  u8 frame[HEADER + 4];
  set_word(frame + HEADER, one->owed);
  one->owed = 0;
  send_frame(frame, CREDIT, 0, one->stream, 4);
}

static struct connection *connection_of(u32 stream) {
  for (u32 i = 0; i < CONNECTIONS; i++)
    if (stream != 0 && connections[i].stream == stream) return &connections[i];
  return 0;
}

static void forget_if_over(struct connection *one) {
  if (one->client_ended && one->host_ended && one->held == 0) forget(one);
}

/* Gives the client what it takes of the host's bytes. */
static void flush(struct connection *one) {
  while (one->held > 0) {
    u32 piece = one->held < BUFFER - one->first ? one->held : BUFFER - one->first;
    s64 sent = CALL(sendto, one->socket, one->buffer + one->first, piece, MSG_NOSIGNAL, 0);
    if (sent == EAGAIN) return;
    if (sent <= 0) return abandon(one);
    one->first = (one->first + (u32)sent) % BUFFER;
    one->held -= (u32)sent;
    one->owed += (u32)sent;
  }
  if (one->host_ended) CALL(shutdown, one->socket, SHUT_WR, 0, 0, 0);
  else if (one->owed >= CREDIT_STEP) grant(one);
  forget_if_over(one);
}

/* Returns whether the host's bytes were as many as it has credit for. */
static int keep(struct connection *one, const u8 *bytes, u32 size) {
  if (size > BUFFER - one->held) return 0;
  u32 at = (one->first + one->held) % BUFFER;
  u32 piece = size < BUFFER - at ? size : BUFFER - at;
  copy(one->buffer + at, bytes, piece);
  copy(one->buffer, bytes + piece, size - piece);
  one->held += size;
  return 1;
}

/* Sends the host what the client has, as far as it has credit. */
static void carry(struct connection *one) {
  static u8 frame[HEADER + MOST_DATA];
  u32 most = one->credit < MOST_DATA ? one->credit : MOST_DATA;
  s64 got = CALL(recvfrom, one->socket, frame + HEADER, most, 0, 0);
  if (got == EAGAIN) return;
  if (got < 0) return abandon(one);
  one->credit -= (u32)got;
  if (got == 0) one->client_ended = 1;
  send_frame(frame, DATA, got == 0 ? END : 0, one->stream, (u32)got);
  forget_if_over(one);
}

static void connected(struct connection *one) {
  one->is_connected = 1;
  one->owed = BUFFER - INITIAL_CREDIT;
  grant(one);
}

/* A connection that was lost is closed. One that was never made is tried again, for the client would wait longer from time to time. */
static void reset(struct connection *one, const u8 *message, u32 size) {
  if (one->is_connected) return forget(one);
  u32 kept = size < sizeof failure ? size : sizeof failure - 1;
  copy(failure, message, kept);
  failure[kept] = 0;
  failed_mount = one->listener->mount;
  one->retry_at = now() + RETRY;
}

static void accept_client(const struct listener *listener, const struct mount *mounts) {
  s64 socket = CALL(accept4, listener->socket, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return;
  struct connection *one = 0;
  for (u32 i = 0; i < CONNECTIONS && one == 0; i++)
    if (connections[i].stream == 0) one = &connections[i];
  if (one == 0) {
    CALL(close, socket, 0, 0, 0, 0);
    return;
  }
  int yes = 1;
  CALL(setsockopt, socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  one->socket = (int)socket;
  one->listener = listener;
  one->is_connected = one->client_ended = one->host_ended = 0;
  one->owed = one->first = one->held = 0;
  ask(one, mounts);
}

/* What has arrived of a frame. */
static u8 header[HEADER];
static u32 header_size, payload_left;
static u8 payload[1100];
static u32 payload_size;

static void frame_ends(struct connection *one) {
  if (one == 0) return;
  switch (header[4]) {
    case DATA:
      if (header[5] & END) one->host_ended = 1;
      flush(one);
      break;
    case CREDIT:
      one->credit += word(payload);
      break;
    case CONNECTED:
      connected(one);
      break;
    case RESET:
      reset(one, payload + 2, payload_size - 2);
  }
}

/* Takes what the host has sent. */
static void take(const u8 *bytes, u32 size) {
  while (size > 0 || (header_size == HEADER && payload_left == 0)) {
    if (header_size < HEADER) {
      header[header_size++] = *bytes++;
      size--;
      if (header_size < HEADER) continue;
      payload_left = word(header);
      payload_size = 0;
    }
    struct connection *one = connection_of(word(header + 8));
    u32 piece = size < payload_left ? size : payload_left;
    if (header[4] != DATA) {
      u32 kept = piece < sizeof payload - payload_size ? piece : sizeof payload - payload_size;
      copy(payload + payload_size, bytes, kept);
      payload_size += kept;
    } else if (one != 0 && !keep(one, bytes, piece)) fail("taking more than was granted", EINVAL);
    bytes += piece;
    size -= piece;
    payload_left -= piece;
    if (payload_left > 0) return;
    frame_ends(one);
    header_size = 0;
  }
}
