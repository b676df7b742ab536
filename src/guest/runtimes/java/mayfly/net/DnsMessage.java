package mayfly.net;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** The messages of DNS (RFC 1035) as far as a resolver of addresses needs them: questions with one name, answers with addresses. */
final class DnsMessage {
  private DnsMessage() {}

  static final int TYPE_A = 1;
  static final int TYPE_AAAA = 28;

  /** The codes of results. */
  static final int FORMAT_ERROR = 1;
  static final int SERVER_FAILURE = 2;
  static final int NO_SUCH_NAME = 3;
  static final int NOT_IMPLEMENTED = 4;
  static final int REFUSED = 5;

  private static final int HEADER = 12;
  private static final int CLASS_INTERNET = 1;
  private static final int LONGEST_NAME = 255;
  /** In the first byte of flags. */
  private static final int RESPONSE = 0x80;
  private static final int OPCODE = 0x78;
  private static final int RECURSION_DESIRED = 0x01;
  /** In the second one. */
  private static final int RECURSION_AVAILABLE = 0x80;
  /** Of an answer, before the address's length. */
  private static final int RECORD_START = 10;

  /**
   * A question, or why there is none.
   *
   * @param name without the dot at its end; null if the message is not a question that this resolver understands
   * @param failure the code with which to answer then; -1 if it is not to be answered at all
   * @param head the message up to the end of the question, which an answer begins with
   */
  record Question(String name, int type, int failure, byte[] head) {}

  static Question parse(byte[] message) {
    if (message.length < HEADER || (message[2] & RESPONSE) != 0) return wrong(message, -1);
    if ((message[2] & OPCODE) != 0) return wrong(message, NOT_IMPLEMENTED);
    if (u16(message, 4) != 1) return wrong(message, FORMAT_ERROR);
    StringBuilder name = new StringBuilder();
    boolean isName = true;
    int at = HEADER;
    for (; ; ) {
      // A length of 64 or more is a pointer, and nothing comes before the question to which it could point.
      int length = at < message.length ? message[at] & 0xff : 64;
      at += 1 + length;
      if (length > 63 || at > message.length || at - HEADER > LONGEST_NAME) return wrong(message, FORMAT_ERROR);
      if (length == 0) break;
      for (int i = at - length; i < at; i++) isName &= message[i] > ' ' && message[i] < 127 && message[i] != '.';
      if (name.length() > 0) name.append('.');
      name.append(new String(message, at - length, length, StandardCharsets.ISO_8859_1));
    }
    if (at + 4 > message.length) return wrong(message, FORMAT_ERROR);
    byte[] head = Arrays.copyOf(message, at + 4);
    if (u16(message, at + 2) != CLASS_INTERNET) return new Question(null, 0, NOT_IMPLEMENTED, head);
    // No host's name has other characters, and a dot inside a label would look like one between two.
    if (!isName || name.length() == 0) return new Question(null, 0, NO_SUCH_NAME, head);
    return new Question(name.toString(), u16(message, at), 0, head);
  }

  private static Question wrong(byte[] message, int failure) {
    return new Question(null, 0, failure, Arrays.copyOf(message, HEADER));
  }

  /** @param most bytes; addresses that do not fit in are left out */
  static byte[] answer(Question question, List<InetAddress> addresses, int most) {
    byte[] head = question.head;
    ByteBuffer reply = ByteBuffer.allocate(most).put(head);
    int count = 0;
    for (InetAddress address : addresses) {
      byte[] bytes = address.getAddress();
      if (reply.remaining() < 2 + RECORD_START + bytes.length) break;
      // The question's name; not to be kept by who gets it, because the host looks up anew each time.
      reply.putShort((short) (0xc000 | HEADER)).putShort((short) question.type).putShort((short) CLASS_INTERNET).putInt(0);
      reply.putShort((short) bytes.length).put(bytes);
      count++;
    }
    return mark(Arrays.copyOf(reply.array(), reply.position()), 0, 1, count);
  }

  /** An answer that says only why there is none. */
  static byte[] failure(Question question, int code) {
    byte[] head = question.head;
    return mark(head.clone(), code, head.length > HEADER ? 1 : 0, 0);
  }

  private static byte[] mark(byte[] message, int code, int questions, int answers) {
    message[2] = (byte) (RESPONSE | message[2] & (OPCODE | RECURSION_DESIRED));
    message[3] = (byte) (RECURSION_AVAILABLE | code);
    ByteBuffer.wrap(message).putShort(4, (short) questions).putShort(6, (short) answers).putInt(8, 0);
    return message;
  }

  private static int u16(byte[] bytes, int at) {
    return (bytes[at] & 0xff) << 8 | bytes[at + 1] & 0xff;
  }
}
