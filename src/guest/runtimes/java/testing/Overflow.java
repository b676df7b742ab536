import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import mayfly.wire.Outbox;

/** Writes frames to a channel at which the stack overflows at first, and then memory is short, and prints what reaches it. */
public final class Overflow {
  private Overflow() {}

  private static final class Channel extends ByteArrayOutputStream {
    private int writes = 0;

    @Override
    public void write(byte[] bytes, int from, int size) {
      switch (writes++) {
        case 0:
          throw new StackOverflowError();
        case 1:
          throw new OutOfMemoryError();
        default:
          super.write(bytes, from, size);
      }
    }
  }

  public static void main(String[] ignored) {
    Channel channel = new Channel();
    Outbox outbox = new Outbox(channel);
    for (String word : new String[] {"one ", "two ", "three ", "four"}) {
      outbox.frame(8, 0, 1, word.getBytes(StandardCharsets.US_ASCII));
      try {
        outbox.flush();
      } catch (VirtualMachineError error) {
        // Code may go on after it.
      }
    }
    System.out.print(channel.toString(StandardCharsets.US_ASCII).replaceAll("[^a-z ]", ""));
  }
}
