package mayfly.resume;

import java.io.IOException;

/** Mounts the disk of an app's files, in a machine with a Linux of its own. */
public final class Disk {
  private Disk() {}

  /** Mounts an erofs file system for reading only. */
  public static void mount(String device, String folder) throws IOException {
    try {
      LibC.mount(device, folder);
    } catch (IOException error) {
      throw error;
    } catch (Throwable error) {
      throw new IOException("the disk " + device + " of the app's files cannot be mounted: " + error, error);
    }
  }
}
