import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import mayfly.wire.Outbox;

/** Writes frames to a channel at which the stack overflows at first, and prints what reaches it. */
public final class Overflow {
  private Overflow() {}

  private static final class Channel extends ByteArrayOutputStream {
    private int writes = 0;

    @Override
    public void write(byte[] bytes) {
      if (writes++ == 0) throw new StackOverflowError();
      writeBytes(bytes);
    }
  }

  public static void main(String[] ignored) {
    Channel channel = new Channel();
    Outbox outbox = new Outbox(channel);
    outbox.frame(8, 0, 1, "one ".getBytes(StandardCharsets.US_ASCII));
    outbox.frame(8, 0, 3, "two ".getBytes(StandardCharsets.US_ASCII));
    try {
      outbox.flush();
    } catch (StackOverflowError error) {
      outbox.frame(8, 0, 5, "three".getBytes(StandardCharsets.US_ASCII));
    }
    outbox.flush();
    System.out.print(channel.toString(StandardCharsets.US_ASCII).replaceAll("[^a-z ]", ""));
  }
}
