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
 * Gives Java's generators that are not for secrets seeds of this machine's own: Math.random, `new Random()`, ThreadLocalRandom, `new SplittableRandom()`, Collections.shuffle, and new generators of RandomGenerator's algorithms.
 *
 * <p>Not reached, because nothing may change it once the JVM runs: the order of Set.of and Map.of, and identityHashCode, which are the same in all clones of a template.
 */
final class PlainSeeds {
  private PlainSeeds() {}

  /** The generators, and the counters that generators made later take their seeds from; looked up once. */
  private record Places(Random math, AtomicLong random, AtomicLong splittable, AtomicLong threadLocal, Field ofThread, Field shuffle) {
    static Places find() throws ReflectiveOperationException {
      return new Places(
          (Random) fieldOf(Class.forName("java.lang.Math$RandomNumberGeneratorHolder"), "randomNumberGenerator").get(null),
          (AtomicLong) fieldOf(Random.class, "seedUniquifier").get(null),
          (AtomicLong) fieldOf(SplittableRandom.class, "defaultGen").get(null),
          (AtomicLong) fieldOf(ThreadLocalRandom.class, "seeder").get(null),
          fieldOf(Thread.class, "threadLocalRandomSeed"),
          fieldOf(Collections.class, "r"));
    }
  }

  private static Places places;

  /** @param bytes at least 16 */
  static void replace(byte[] bytes, List<String> failures) {
    ByteBuffer seeds = ByteBuffer.wrap(bytes);
    SplittableRandom next = new SplittableRandom(seeds.getLong() ^ Long.rotateLeft(seeds.getLong(), 32));
    try {
      if (places == null) places = Places.find();
      places.math.setSeed(next.nextLong());
      places.random.set(next.nextLong() | 1);
      places.splittable.set(next.nextLong());
      places.threadLocal.set(next.nextLong());
      for (Thread thread : threads()) if (thread != null) places.ofThread.setLong(thread, next.nextLong());
      places.shuffle.set(null, null);
      AlgorithmSeeds.replace(next);
    } catch (ReflectiveOperationException | RuntimeException error) {
      failures.add("Java's plain generators were not all reseeded: " + error);
    }
  }

  /** All threads of Java's, and nulls. */
  private static Thread[] threads() {
    ThreadGroup group = Thread.currentThread().getThreadGroup();
    while (group.getParent() != null) group = group.getParent();
    Thread[] threads = new Thread[2 * group.activeCount() + 16];
    group.enumerate(threads);
    return threads;
  }

  private static Field fieldOf(Class<?> type, String name) throws NoSuchFieldException {
    Field field = type.getDeclaredField(name);
    field.setAccessible(true);
    return field;
  }
}
