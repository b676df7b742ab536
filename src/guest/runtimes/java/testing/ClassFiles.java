package mayfly.osv;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/** Makes classes with many constants that ask for the time, leads their calls to this class, and prints what they say. */
public final class ClassFiles {
  private ClassFiles() {}

  private static final int MOST = 65_535;

  /** In the place of System's. */
  public static long currentTimeMillis() {
    return 7;
  }

  public static void main(String[] ignored) throws IOException, ReflectiveOperationException {
    for (int count : new int[] {20, 300, 32_768, 40_000, MOST - 2, MOST - 1, MOST}) {
      byte[] led = new ClassFile(classOf(count)).led(new ClassFile.Method[] {new ClassFile.Method("java/lang/System", "currentTimeMillis", "()J")}, "mayfly/osv/ClassFiles");
      System.out.println(count + " " + (led == null ? "not led" : new Loader().define(led).getMethod("now").invoke(null)));
    }
  }

  private static final class Loader extends ClassLoader {
    Class<?> define(byte[] code) {
      return defineClass("Asks", code, 0, code.length);
    }
  }

  /** A class Asks with a static method now(), and as many constants as the count says, which is one more. */
  private static byte[] classOf(int count) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeInt(0xcafebabe);
    // The version of Java 17.
    out.writeInt(61);
    out.writeShort(count);
    for (String text : new String[] {"Asks", "java/lang/Object", "java/lang/System", "currentTimeMillis", "()J", "now", "Code"}) {
      out.writeByte(1);
      out.writeUTF(text);
    }
    // 8, 9 and 10: classes; 11: the name and the type; 12: the method.
    for (int name : new int[] {1, 2, 3}) {
      out.writeByte(7);
      out.writeShort(name);
    }
    out.writeByte(12);
    out.writeShort(4);
    out.writeShort(5);
    out.writeByte(10);
    out.writeShort(10);
    out.writeShort(11);
    // A long takes two numbers, and the rest is of any other kind.
    out.writeByte(5);
    out.writeLong(1);
    for (int number = 15; number < count; number++) {
      out.writeByte(3);
      out.writeInt(number);
    }
    out.writeShort(0x0001);
    out.writeShort(8);
    out.writeShort(9);
    out.writeShort(0);
    out.writeShort(0);
    out.writeShort(1);
    out.writeShort(0x0009);
    out.writeShort(6);
    out.writeShort(5);
    out.writeShort(1);
    out.writeShort(7);
    out.writeInt(16);
    out.writeShort(2);
    out.writeShort(0);
    out.writeInt(4);
    // invokestatic 12, lreturn
    out.write(new byte[] {(byte) 0xb8, 0, 12, (byte) 0xad});
    out.writeShort(0);
    out.writeShort(0);
    out.writeShort(0);
    return bytes.toByteArray();
  }
}
