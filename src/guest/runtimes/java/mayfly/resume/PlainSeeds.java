package mayfly.resume;

import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Gives Java's generators that are not for secrets seeds of this machine's own: Math.random, `new Random()`, ThreadLocalRandom, `new SplittableRandom()` and Collections.shuffle.
 *
 * <p>Not reached, because nothing may change it once the JVM runs: the order of Set.of and Map.of, and identityHashCode, which are the same in all clones of a template.
 */
final class PlainSeeds {
  private PlainSeeds() {}

  /** @param bytes at least 16 */
  static void replace(byte[] bytes, List<String> failures) {
    ByteBuffer seeds = ByteBuffer.wrap(bytes);
    SplittableRandom next = new SplittableRandom(seeds.getLong() ^ Long.rotateLeft(seeds.getLong(), 32));
    try {
      // Math.random() makes its generator when it is first called, from Random's own counter.
      ((Random) fieldOf(Class.forName("java.lang.Math$RandomNumberGeneratorHolder"), "randomNumberGenerator").get(null)).setSeed(next.nextLong());
      ((AtomicLong) fieldOf(Random.class, "seedUniquifier").get(null)).set(next.nextLong() | 1);
      ((AtomicLong) fieldOf(SplittableRandom.class, "defaultGen").get(null)).set(next.nextLong());
      ((AtomicLong) fieldOf(ThreadLocalRandom.class, "seeder").get(null)).set(next.nextLong());
      Field own = fieldOf(Thread.class, "threadLocalRandomSeed");
      for (Thread thread : Thread.getAllStackTraces().keySet()) own.setLong(thread, next.nextLong());
      fieldOf(Collections.class, "r").set(null, null);
    } catch (ReflectiveOperationException | RuntimeException error) {
      failures.add("Java's plain generators were not all reseeded: " + error);
    }
  }

  private static Field fieldOf(Class<?> type, String name) throws NoSuchFieldException {
    Field field = type.getDeclaredField(name);
    field.setAccessible(true);
    return field;
  }
}
