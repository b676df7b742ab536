package conformance;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import sun.misc.Unsafe;

/** The functions of the suite of runtimes. */
public final class Functions {
  private static final CountDownLatch opened = new CountDownLatch(1);

  /** What they need of API Gateway's event. */
  public record Event(Map<String, String> queryStringParameters) {
    String get(String name) {
      return queryStringParameters == null ? "" : queryStringParameters.getOrDefault(name, "");
    }
  }

  private static Map<String, Object> text(String body) {
    return Map.of("statusCode", 200, "headers", Map.of("content-type", "text/plain"), "body", body);
  }

  public Object greets(Event event) throws IOException {
    System.out.println("greeting " + event.get("name"));
    String word = Files.readString(Path.of("words.txt")).strip();
    return text(word + ", " + event.get("name") + ", in " + System.getenv("COLOUR") + "!\n");
  }

  public void streams(InputStream input, OutputStream output) throws IOException, InterruptedException {
    String event = new String(input.readAllBytes(), StandardCharsets.UTF_8);
    if (event.contains("\"rawPath\":\"/open\"")) {
      opened.countDown();
      write(output, "opened");
      return;
    }
    write(output, "first");
    opened.await();
    write(output, "second");
  }

  private static void write(OutputStream output, String text) throws IOException {
    output.write(text.getBytes(StandardCharsets.UTF_8));
    output.flush();
  }

  public Object prints(Event event) throws InterruptedException {
    System.out.println("begin " + event.get("word"));
    Thread.sleep(20);
    System.err.println("end " + event.get("word"));
    return text("printed\n");
  }

  public Object waits() throws InterruptedException {
    Thread.sleep(50);
    return text("waited\n");
  }

  public Object draws() {
    return text(System.currentTimeMillis() + " " + new Random().nextLong() + " " + UUID.randomUUID());
  }

  public void hears() {
    System.out.println("listening");
    try {
      Thread.sleep(Long.MAX_VALUE);
    } catch (InterruptedException told) {
      System.out.println("heard");
    }
  }

  public Object misbehaves(Event event) throws IOException, ReflectiveOperationException {
    String deed = event.get("do");
    System.out.println("asked to " + (deed.isEmpty() ? "behave" : deed));
    switch (deed) {
      case "throw" -> throw new IllegalStateException("thrown on demand");
      case "paths" -> {
        Files.writeString(Path.of("/dev/stdout"), "written to the path of output\n", StandardOpenOption.WRITE);
        Files.writeString(Path.of("/proc/self/fd/2"), "written to the path of errors\n", StandardOpenOption.WRITE);
      }
      case "exit" -> System.exit(7);
      case "crash" -> unsafe().putAddress(0, 0);
      case "spin" -> {
        for (long turn = 0; turn >= 0; turn++) Thread.onSpinWait();
      }
      case "leak" -> {
        List<byte[]> held = new ArrayList<>();
        while (held.add(new byte[1 << 20]));
      }
      default -> {}
    }
    return text("behaved\n");
  }

  private static Unsafe unsafe() throws ReflectiveOperationException {
    Field field = Unsafe.class.getDeclaredField("theUnsafe");
    field.setAccessible(true);
    return (Unsafe) field.get(null);
  }
}
