package dev.tare.jobs.storage;

/**
 * One file of a run.
 *
 * @param path relative to the run folder, with slashes
 * @param digest its bytes
 */
public record FileEntry(String path, Digest digest) implements Comparable<FileEntry> {

  /**
   * @throws IllegalArgumentException if the path is empty, absolute or climbs out of the folder
   */
  public FileEntry {
    boolean inside =
        !path.isEmpty() && !path.startsWith("/") && !path.contains("//") && !path.contains("\\");
    for (String element : path.split("/", -1)) {
      inside &= !element.equals("..") && !element.equals(".");
    }
    if (!inside) {
      throw new IllegalArgumentException("Not a path inside a run folder: '" + path + "'");
    }
  }

  @Override
  public int compareTo(FileEntry other) {
    return path.compareTo(other.path);
  }

  /** Whether the file is a part or lies in its folder. */
  boolean belongsTo(Part part) {
    return path.equals(part.fileName()) || path.startsWith(part.fileName() + "/");
  }
}
